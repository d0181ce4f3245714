"""One file a noun; each function is one verb."""
