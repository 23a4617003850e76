"""A made-up platform for tests of the verbs: plays per day as JSON, brought by hand."""
