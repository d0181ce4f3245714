"""Checks read and never write: one category a file, one function a check.

environment   ENV  variables, versions, project       network   NET  where names lead
secrets       SEC  who may read what                  tls       TLS  what servers speak
leaks         SEC  what can be read by all            accounts  PRV  the providers' accounts
release       RLS  waivers, the way back              queue     QUE  whether mail is taken
consent       CON  notices, forms, texts              redis_server  RDS  the server of the queue
documents     DOC  registers, assessment              names     DNS  what is published about our mail
staging       STG  the last drill, PERF how long      rights        RDS  what our user may do there
duties        OBS  who is told, who watches           attested           what a person answers for
redaction     SEC  what is taken out of what is written
"""

from notifyctl.checks import environment, secrets, leaks, redaction, release, consent, documents  # noqa: F401, I001 - asked in this order
from notifyctl.checks import redis_server, rights, network, tls, names, accounts, staging, queue, duties, attested  # noqa: F401 - asked after those
from notifyctl.checks.asked import Accounts
from notifyctl.checks.readers import Endpoint, Given, Kept, Readers
from notifyctl.checks.registry import REGISTRY, Registered

__all__ = ["REGISTRY", "Accounts", "Endpoint", "Given", "Kept", "Readers", "Registered"]
