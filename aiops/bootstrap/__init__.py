"""Which part is wired to which? The clock, the processes, the app.

Each process is a module of its own (``python -m aiops.bootstrap.<role>``) and imports what it needs, no more.
"""
