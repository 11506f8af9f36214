"""How is a person told what is not data? On standard error, and nothing drives the terminal."""

import sys


def say(text: str) -> None:
    """Tell a person something that is not data."""
    print(clean(text), file=sys.stderr)


def clean(text: str) -> str:
    """Return ``text`` without control characters: an alert's text must not drive the terminal."""
    return "".join(character if character.isprintable() or character == "\n" else " " for character in text)
