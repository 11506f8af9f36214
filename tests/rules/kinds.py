"""What is known of a kind of alert, as tests say it: profiles with sensible counts."""

from typing import Any

from rules.profiles import Profile, key_of
from tests.builders import T0, an_alert, an_episode, at


def a_profile(entity: str = "db", **changes: Any) -> Profile:
    """A kind of alert that fired 40 times in 20 hours on one node, up to three times in an hour."""
    kind = changes.get("kind", "disk")
    alert = an_alert(entity, episode=an_episode(entity, kind_key=kind), template_id="t-disk")
    begin, end = T0.timestamp(), at(20 * 3_600).timestamp()
    profile = Profile(key_of(alert), "alertmanager", kind, "disk <*>", "Disk", entity, begin, end)
    counts = {"firings": 40, "episodes": 40, "hours": 20, "peak": 3, "in_hour": 1, "fingerprint": f"fp-{entity}"}
    for name, value in (counts | changes).items():
        setattr(profile, name, value)
    return profile
