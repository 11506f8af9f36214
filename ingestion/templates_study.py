"""Which scopes wait for a choice of their templates, and what is chosen? Read from the store, by the learner."""

from aiops.domain.documents import SCOPES
from aiops.domain.entries import Learned
from aiops.domain.queries import Query
from aiops.ports import View
from ingestion.templates_choice import choose

AT_ONCE = 20  # scopes; the others wait for the next look


def study(view: View) -> list[Learned]:
    """Return a choice for each scope whose sample waits; a function of the store alone, about .1 s of CPU a scope."""
    position = view.position()
    if position is None:
        return []
    waiting = view.find(SCOPES, Query(where={"waiting": (True,)}, limit=AT_ONCE)).items
    return [Learned(based_on=position, result=choose(record)) for record in waiting]
