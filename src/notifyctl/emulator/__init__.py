"""Local Resend, Postmark and Amazon SES with scripted faults and a mailbox one can ask.

Reading order: `wire` (HTTP/1.1 requests and replies), `connection` and `delivery` (one client, and the
ways in which an answer can go wrong), `site` (one provider with its faults), the three providers,
`mailbox`, `control`, `serving`. Nothing outside this package is imported: an engine tested against it
cannot share its mistakes.
"""
