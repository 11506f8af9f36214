"""Which runbooks are there to choose from? Indexed once, and anew when one was put or ended."""

from aiops.domain.documents import RUNBOOKS
from aiops.domain.queries import Query
from aiops.ports import View
from aiops.response.runbooks import Library
from aiops.walking import documents_of


class Shelf:
    """The library as of the newest view that asked; two that ask at once may both index it, which harms nothing."""

    def __init__(self) -> None:
        self._kept: tuple[int, Library] = (0, Library())

    def library(self, view: View) -> Library:
        """Return the runbooks in force, indexed."""
        newest = view.find(RUNBOOKS, Query(order=("-revision",), limit=1)).items
        revision = newest[0].revision if newest else 0
        known, library = self._kept
        if revision != known:
            library = Library([one for one in documents_of(view, RUNBOOKS) if one.ended_at is None])
            self._kept = (revision, library)
        return library
