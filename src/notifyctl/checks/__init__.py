"""Checks read and never write: one category a file, one function a check.

environment   ENV  variables, versions, mode          network   NET  where names lead
secrets       SEC  who may read what                  tls       TLS  what servers speak
release       RLS  waivers                            accounts  PRV  the providers' accounts
redis_server  RDS  the server of the queue            queue     QUE  whether mail is taken
"""

from notifyctl.checks import environment, secrets, release, redis_server, network, tls, accounts, queue  # noqa: F401, I001 - asked in this order
from notifyctl.checks.readers import Endpoint, Given, Kept, Readers
from notifyctl.checks.registry import REGISTRY, Registered

__all__ = ["REGISTRY", "Endpoint", "Given", "Kept", "Readers", "Registered"]
