"""A made-up platform whose doors are a QR code to scan and a page to solve, for the tests of the machinery."""
