"""The story of a message, in reading order: worker, claim, render, admit, send, settle, reconcile."""
