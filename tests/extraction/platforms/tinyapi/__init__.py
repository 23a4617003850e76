"""A made-up platform with an API, for the tests of the machinery."""
