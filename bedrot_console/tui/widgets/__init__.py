"""Widgets of the console, drawn by line: no widget per row, no markup."""
