"""How do tests speak on the command line?"""

import json
from typing import Any

import pytest

from aiops.cli import main


class Line:
    """The command line of a person in the present folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.data = self.chatter = ""  # what the last command printed to standard output, and to standard error

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run a command that ends with ``code``, and return what it printed as data."""
        with pytest.raises(SystemExit) as ended:
            main(words)
        self.data, self.chatter = self._capsys.readouterr()
        assert (ended.value.code or 0) == code, self.chatter
        return self.data

    def json(self, *words: str, code: int = 0) -> Any:
        """Run a command with ``-o json``, and return what it printed, read."""
        return json.loads(self(*words, "-o", "json", code=code))
