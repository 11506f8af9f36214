"""Which URL does what? Handlers only: each asks or acts, and answers."""
