"""A made-up platform with a browser login, for the tests of the machinery."""
