"""What can one say to AIOps on the command line? One file per family of commands."""

from aiops.cli.app import app, main

__all__ = ["app", "main"]
