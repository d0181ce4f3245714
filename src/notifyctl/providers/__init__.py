"""Resend, Postmark and Amazon SES, without I/O: message to request, response to outcome."""
