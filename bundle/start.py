"""The program of the folder that needs no Python: the command line, and the processes that it starts of itself.

In the folder, `sys.executable` is this program. So it also answers `-m expnet_live.MODULE`, as Python would.
"""

import multiprocessing
import runpy
import sys


def start() -> int:
    multiprocessing.freeze_support()  # a process of a pool goes no further
    if sys.argv[1:2] == ["-m"] and sys.argv[2:3] and sys.argv[2].split(".")[0] == "expnet_live":
        del sys.argv[1]
        runpy.run_module(sys.argv.pop(1), run_name="__main__")
        return 0
    from expnet_live.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(start())
