"""What a BIDS data set calls a recording: subject, session and task."""

from __future__ import annotations

import re
from dataclasses import dataclass

from expnet_live.core.errors import UserError

_FIELDS = {"sub": "subject", "ses": "session", "task": "task"}
_PAIR = re.compile(r"(sub|ses|task)-([0-9a-zA-Z]+)")


@dataclass(frozen=True)
class Entities:
    """Labels of letters and digits. The standard asks for a subject and a task; a `session` may be missing (empty).

    Source: Brain Imaging Data Structure 1.9.0, "Common principles: Entities".
    """

    subject: str = "01"
    session: str = ""
    task: str = "expression"

    @classmethod
    def parse(cls, text: str) -> Entities:
        """Those of a text such as sub-07_ses-2_task-smile; missing ones are the usual. Raises UserError.

        >>> Entities.parse("sub-07_ses-2").name
        'sub-07_ses-2_task-expression'
        """
        pairs = [_PAIR.fullmatch(pair) for pair in text.split("_")] if text else []
        given = {_FIELDS[pair[1]]: pair[2] for pair in pairs if pair is not None}
        if len(given) < len(pairs):
            raise UserError(
                f"{text} names no recording of a BIDS data set; give labels of letters and digits once each, such as "
                "sub-07_ses-2_task-smile."
            )
        return cls(**given)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders of the subject and, if there is one, of the session."""
        return (f"sub-{self.subject}", *([f"ses-{self.session}"] if self.session else []))

    @property
    def name(self) -> str:
        """How the names of its files begin."""
        return "_".join((*self.folders, f"task-{self.task}"))


USUAL_ENTITIES = Entities()
