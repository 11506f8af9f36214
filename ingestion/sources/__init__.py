"""Which senders do we understand? One file each, and the registry that knows them all."""
