"""A virtual display, for measuring a window without a screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager

from expnet_live.core.errors import UserError


@contextmanager
def virtual_display(env: MutableMapping[str, str], size: str = "1600x1000x24") -> Iterator[int]:
    """Start Xvfb, point `env` to it, and give its process number. Raises UserError if that fails."""
    if not sys.platform.startswith("linux") or not shutil.which("Xvfb"):
        raise UserError("There is no display to open the window on, and no Xvfb to make one; install xvfb.")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "+extension", "GLX", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as answer:
            number = answer.readline().strip()
        if not number:
            raise UserError("Xvfb does not start, and there is no display to open the window on.")
        env["DISPLAY"] = f":{number}"
        env.pop("WAYLAND_DISPLAY", None)
        yield server.pid
    finally:
        server.terminate()
        server.wait()
