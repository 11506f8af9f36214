"""The nouns: what do we talk about? Frozen, no I/O, and nothing above is imported."""
