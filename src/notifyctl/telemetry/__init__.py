"""Logs, reports as pages, and crashes."""
