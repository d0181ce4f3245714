"""The wire: the sending client, the control client, SigV4."""
