"""Redis and Valkey: keys, scripts, the embedded server. Mechanism, no policy."""
