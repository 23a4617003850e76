"""The verbs. Each is a function `verb(workspace, what, …)`; one bad file does not stop the batch; faces call nothing below this room."""
