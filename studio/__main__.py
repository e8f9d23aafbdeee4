"""`python -m studio` is the same program as the `studio` script."""

import sys

from studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
