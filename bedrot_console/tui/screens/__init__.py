"""The four places of the console: Files, Review, Runs, SQL."""
