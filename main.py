"""Runs the command line from a checkout: `python main.py analyze demo --out demo-out --overlay`."""

import sys

from expnet_live.cli import main

if __name__ == "__main__":
    sys.exit(main())
