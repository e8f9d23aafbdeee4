"""`python -m studio.cli` is the same program."""

import sys

from studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
