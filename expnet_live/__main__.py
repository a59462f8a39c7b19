"""`python -m expnet_live`: the command line."""

import sys

from expnet_live.cli import main

if __name__ == "__main__":
    sys.exit(main())
