"""The processor of this computer."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path


def processor() -> str:
    """Its name, and where the system reveals them, a digest of its abilities: a virtual machine may hide some."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
    flags = facts.get("flags") or facts.get("Features", "")
    return f"{facts.get('model name', platform.machine())} {hashlib.sha256(flags.encode()).hexdigest()[:8]}"
