"""The profile that a command names."""

from __future__ import annotations

import sys

from expnet_live.person.person import Person
from expnet_live.person.profiles import Profiles

DEFAULT = "Default"


def person_of(name: str) -> Person:
    """The profile of that name; if there is none, a new one, and a note says so. Raises UserError if it is damaged."""
    profiles = Profiles()
    if name != DEFAULT and not profiles.has(name):
        there = ", ".join(profiles.names()) or "none yet"
        print(
            f"expnet-live: There is no profile {name} (profiles: {there}), so the face has that name, but no neutral, "
            "gains or gestures; check the name, or make it in the window.",
            file=sys.stderr,
        )
    return profiles.load(name)
