"""How does in get what is not posted? Syslog, RELP and files: bounded, redacted, in batches into the journal."""
