"""What do people do at the end of a day with the incidents they were shown, where the truth about each alert is known?

Each trouble has a home: of the incidents shown that hold more of it than of anything else, the one that holds the most.
There they take out what is not of it (to its own home, or else apart, one act for each other thing), merge what else is
of it, and name its cause. Of what has no home, and what waits in the background by itself, they say nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aiops.domain.acts import ConfirmCause, Merge, Move, Split
from tests.benchmarks.quality.driving import Drive


class Held(NamedTuple):
    """What the engine made of a day, as people see it at its end."""

    incidents: dict[str, dict[str, list[str]]]  # incident id -> trouble -> its episodes there
    homes: dict[str, str]  # trouble -> incident id

    def most(self, incident_id: str) -> str:
        """Return the trouble of which an incident holds the most."""
        return max(self.incidents[incident_id].items(), key=lambda item: len(item[1]))[0]


def put_right(drive: Drive, at: float, told: Iterable[tuple[str, str]], causes: Mapping[str, str]) -> Counter[str]:
    """Do what a person would; return how often which act. ``told``: event id and its trouble; ``causes``: of troubles.

    What is of a trouble without a cause (chance, a chronic alert) is nobody's incident.
    """
    held, acts = _held(drive, told, causes), Counter[str]()
    for trouble, home in held.homes.items():
        for other, episodes in held.incidents[home].items():
            if other == trouble:
                continue
            if to := held.homes.get(other):
                drive.act(at, Move(incident_id=home, other_id=to, episodes=tuple(episodes)))
            else:
                drive.act(at, Split(incident_id=home, episodes=tuple(episodes)))
            acts["moved" if to else "split off"] += 1
    taken = set(held.homes.values())
    for incident_id, parts in held.incidents.items():
        trouble = held.most(incident_id)
        if incident_id in taken or trouble not in held.homes:
            continue
        if len(parts) == 1:
            drive.act(at, Merge(incident_id=held.homes[trouble], other_id=incident_id))
        else:
            mine = tuple(parts[trouble])
            drive.act(at, Move(incident_id=incident_id, other_id=held.homes[trouble], episodes=mine))
        acts["merged" if len(parts) == 1 else "moved"] += 1
    for trouble, home in held.homes.items():
        drive.act(at, ConfirmCause(incident_id=home, entity=causes[trouble]))
        acts["confirmed"] += 1
    return acts


def _held(drive: Drive, told: Iterable[tuple[str, str]], causes: Mapping[str, str]) -> Held:
    said: dict[str, Counter[str]] = {}  # episode -> troubles of its events
    of: dict[str, str] = {}  # episode -> incident id
    for event_id, trouble in told:
        if incident := drive.incident(event_id):
            episode = drive.episode_of[event_id]
            of[episode] = incident.incident_id
            said.setdefault(episode, Counter())[trouble] += 1
    held = Held({}, {})
    for episode, troubles in said.items():
        parts = held.incidents.setdefault(of[episode], {})
        parts.setdefault(troubles.most_common(1)[0][0], []).append(episode)
    for incident_id, parts in held.incidents.items():
        trouble = held.most(incident_id)
        best = held.incidents.get(held.homes.get(trouble, ""), {}).get(trouble, [])
        if trouble in causes and not drive.incidents[incident_id].background and len(parts[trouble]) > len(best):
            held.homes[trouble] = incident_id
    return held
