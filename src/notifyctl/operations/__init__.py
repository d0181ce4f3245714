"""Use cases, one noun a file; what the command line and later the web call."""
