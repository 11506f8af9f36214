"""What does the page of mappings show? An editor, what it would read of kept bodies, and what is in force."""

from dataclasses import dataclass

from aiops.domain.errors import BadInput
from aiops.domain.senders import SourceMapping
from aiops.domain.words import clock
from api.desk import Desk
from api.mapped import fit, mappings, preview
from api.sender_schemas import MappingPreview

PLACE = "mapping"
START = """source: {source}
fields:
  title: "title || message || 'untitled'"
  status: {{expr: status, map: {{ok: resolved}}, default: firing}}
  severity: {{expr: severity, default: warning}}
  service: service
identity: ["id"]
"""


@dataclass(frozen=True)
class Shown:
    """One state of the editor."""

    source: str
    text: str
    in_force: tuple[SourceMapping, ...]
    versions: tuple[SourceMapping, ...]  # of this source, newest first
    preview: MappingPreview | None = None
    problem: BadInput | None = None

    @property
    def current(self) -> SourceMapping | None:
        """Return the version that reads the source now."""
        return next((one for one in self.versions if one.ended_at is None), None)


def shown(desk: Desk, source: str, text: str = "") -> Shown:
    """Return the editor for ``source`` with ``text``, or with what is in force, or with a beginning."""
    with desk.view() as view:
        in_force = mappings(view).items
        versions = mappings(view, source, ended=True).items if source else ()
        current = next((one.text for one in versions if one.ended_at is None), "")
        written = text or current or START.format(source=source or "acme")
        found, problem = None, None
        if source or text:
            try:
                found = preview(view, desk.journal, written, PLACE, desk.clock())
            except BadInput as error:
                problem = error
    return Shown(source, written, in_force, versions, found, problem)


def savable(found: Shown) -> BadInput | None:
    """Return why the text is not to be saved; None where it is."""
    if found.problem or found.preview is None:
        return found.problem
    try:
        fit(found.preview, PLACE)
    except BadInput as error:
        return error
    return None


def told(one: SourceMapping) -> str:
    """Say who put and who ended a version, and when."""
    put = f"put by {one.put_by} at {clock(one.put_at)}"
    return put if one.ended_at is None else f"{put}, ended by {one.ended_by} at {clock(one.ended_at)}"
