"""Runs the command line from a checkout: `python main.py` opens the window, `python main.py --help` lists the rest."""

import sys

from expnet_live.cli import main

if __name__ == "__main__":
    sys.exit(main())
