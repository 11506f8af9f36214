"""Does every implementation of a port keep what the port promises? One suite, run over each."""
