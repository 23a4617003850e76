"""Dialogs. Each returns a value, or None when the operator backs out."""
