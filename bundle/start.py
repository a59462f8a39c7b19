"""The program of the folder that needs no Python: the command line, and the processes that it starts of itself.

In the folder, `sys.executable` is this program. So it also answers `-m expnet_live.MODULE`, as Python would.
"""

import multiprocessing
import os
import runpy
import sys
from collections.abc import MutableMapping


def spare_others(env: MutableMapping[str, str]) -> None:
    """Take out of `env` what leads to the folder's libraries and Qt's plugins.

    The system's programs that this one starts, such as file managers, are made for other versions of them. This process
    has loaded its own by then; processes of this program, without the last variable, find theirs anew.
    """
    for name in ("LD_LIBRARY_PATH", "QT_PLUGIN_PATH", "QML2_IMPORT_PATH", "_PYI_ARCHIVE_FILE"):
        env.pop(name, None)
    if before := env.pop("LD_LIBRARY_PATH_ORIG", None):  # the user's own
        env["LD_LIBRARY_PATH"] = before


def start() -> int:
    if getattr(sys, "frozen", False):
        spare_others(os.environ)
    multiprocessing.freeze_support()  # a process of a pool goes no further
    if sys.argv[1:2] == ["-m"] and sys.argv[2:3] and sys.argv[2].split(".")[0] == "expnet_live":
        del sys.argv[1]
        runpy.run_module(sys.argv.pop(1), run_name="__main__")
        return 0
    from expnet_live.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(start())
