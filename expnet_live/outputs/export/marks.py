"""Writes markers for programs of annotation: ELAN, Praat, and plain text."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as Xml

from expnet_live.outputs.export.format import Format, Written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expnet_live.outputs.export.excerpt import Excerpt
    from expnet_live.sessions.format.markers import Marker
    from expnet_live.sessions.reading.session import Session

TIER = "markers"
_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


class MarkerFile(Format):
    """The labelled moments of a session; times count from its start, as in its video."""

    takes: frozenset[str] = frozenset()
    measured = True  # nothing of the face itself is written

    def why_not(self, session: Session) -> str | None:
        return None if session.markers else "The session has no markers; set some in the player first."

    def write(self, excerpt: Excerpt, path: Path) -> Written:
        marks = excerpt.markers
        length = max([float(excerpt.session.rows.time[-1]), *(m.time for m in marks)])
        path.write_text(self.text(marks, length, excerpt.session), encoding="utf-8", newline="\n")
        excerpt.steps(1)(1)
        return Written(len(marks))

    def text(self, marks: Sequence[Marker], length: float, session: Session) -> str:
        """The file's content, of a session of `length` s."""
        raise NotImplementedError


def elan(marks: Sequence[Marker], length: float, session: Session) -> str:
    """ELAN's XML (EAF 3.0): one tier, with an annotation from each marker to the next one or the session's end."""
    root = Xml.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "ExpNet Live", "DATE": session.info.started, "FORMAT": "3.0", "VERSION": "3.0",
            "xmlns:xsi": _XSI, "xsi:noNamespaceSchemaLocation": _SCHEMA,
        },
    )  # fmt: skip
    header = Xml.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    if session.video is not None:
        video = session.video.resolve()
        Xml.SubElement(
            header, "MEDIA_DESCRIPTOR", MEDIA_URL=video.as_uri(), MIME_TYPE="video/x-matroska", RELATIVE_MEDIA_URL=""
        )
    order, tier = Xml.SubElement(root, "TIME_ORDER"), Xml.SubElement(
        root, "TIER", LINGUISTIC_TYPE_REF="default-lt", TIER_ID=TIER
    )  # fmt: skip
    moments = [round(1000 * max(m.time, 0.0)) for m in marks]
    ends = [*moments[1:], round(1000 * length)]
    for i, (mark, begin, end) in enumerate(zip(marks, moments, ends, strict=True)):
        # An annotation of ELAN cannot be empty.
        for name, value in ((f"ts{2 * i + 1}", begin), (f"ts{2 * i + 2}", max(end, begin + 1))):
            Xml.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=name, TIME_VALUE=str(value))
        annotation = Xml.SubElement(
            Xml.SubElement(tier, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ANNOTATION_ID=f"a{i + 1}",
            TIME_SLOT_REF1=f"ts{2 * i + 1}", TIME_SLOT_REF2=f"ts{2 * i + 2}",
        )  # fmt: skip
        Xml.SubElement(annotation, "ANNOTATION_VALUE").text = mark.label
    Xml.SubElement(root, "LINGUISTIC_TYPE", LINGUISTIC_TYPE_ID="default-lt", GRAPHIC_REFERENCES="false",
                   TIME_ALIGNABLE="true")  # fmt: skip
    Xml.indent(root, "    ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def text_grid(marks: Sequence[Marker], length: float) -> str:
    """Praat's TextGrid, in its long form: one tier of points."""
    lines = [
        'File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {length:.6f}",
        "tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "TextTier"',
        f'        name = "{TIER}"', "        xmin = 0", f"        xmax = {length:.6f}",
        f"        points: size = {len(marks)}",
    ]  # fmt: skip
    for i, mark in enumerate(marks):
        label = mark.label.replace('"', '""')
        lines += [f"        points [{i + 1}]:", f"            number = {max(mark.time, 0.0):.6f}",
                  f'            mark = "{label}"']  # fmt: skip
    return "\n".join([*lines, ""])


def table(marks: Sequence[Marker]) -> str:
    """A line for each marker: seconds, label, colour, between tabs."""
    lines = ["\t".join((f"{m.time:.6f}", m.label.replace("\t", " "), m.color)) for m in marks]
    return "\n".join(["time_s\tlabel\tcolor", *lines, ""])
