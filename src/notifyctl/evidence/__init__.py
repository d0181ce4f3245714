"""What is kept for those who come later: files that are only ever added to, a month each."""
