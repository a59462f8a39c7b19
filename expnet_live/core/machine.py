"""The processor of this computer, its memory and its processes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

_MACHINE_ID = Path("/etc/machine-id")  # a Linux that is installed gets its own
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_PICTURE, _KEPT = 64 << 20, 128 << 20  # bytes


def processor() -> str:
    """Its name, and where the system reveals them, a digest of its abilities: a virtual machine may hide some."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    facts = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
    flags = facts.get("flags") or facts.get("Features", "")
    return f"{facts.get('model name', platform.machine())} {hashlib.sha256(flags.encode()).hexdigest()[:8]}"


@cache
def machine() -> str:
    """Eight hex digits for where process numbers count: this computer, and in it the container."""
    known = [platform.node()]
    with suppress(OSError):  # many computers of one Linux have the same name
        known.append(_MACHINE_ID.read_text(encoding="ascii", errors="replace"))
    with suppress(OSError):  # only Linux has such spaces of numbers
        known.append(str(Path("/proc/self/ns/pid").readlink()))
    return hashlib.sha256(" ".join(known).encode()).hexdigest()[:8]


if sys.platform == "win32":

    def is_running(process: int) -> bool:
        """Whether there is a process of this number on this computer."""
        query, still_active, code = 0x1000, 259, ctypes.c_ulong()
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        if not (handle := kernel.OpenProcess(query, False, process)):
            return ctypes.get_last_error() == 5  # access denied
        kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
        kernel.CloseHandle(ctypes.c_void_p(handle))
        return code.value == still_active

else:

    def is_running(process: int) -> bool:
        """Whether there is a process of this number on this computer."""
        try:
            os.kill(process, 0)  # only asks
        except ProcessLookupError:
            return False
        except (PermissionError, OverflowError):
            return True
        return True


def memory(kind: str) -> int | None:
    """Bytes that this process has (VmRSS) or had at most (VmHWM), as Linux calls them; None on other systems.

    The most that getrusage tells includes the memory of the process that started this one.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    return next((1024 * int(line.split()[1]) for line in status.splitlines() if line.startswith(kind)), None)


def keep_freed_memory() -> None:
    """Let this process keep the memory of one picture, up to 64 MB, for the next: at most 128 MB in all.

    Otherwise glibc gives it back to the system, which clears it page by page when it is wanted again; Dask's workers
    do so even with small pictures. That takes a third of the time of a picture of 2 megapixels. Other systems keep
    their ways.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, _PICTURE)
        mallopt(_TRIM_THRESHOLD, _KEPT)


def give_back_freed_memory() -> None:
    """Give the memory of what is gone, such as another head or session, back to the system. Takes some milliseconds.

    glibc keeps it: a window in which avatars and sessions are changed again and again grows by hundreds of MB.
    """
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).malloc_trim(0)
