"""Start Studio: `python3 main.py`.

The first time, and whenever the pinned packages change, this makes `.venv` beside it and fills it. It needs nothing
but Python. Options and commands are passed on; `python3 main.py --check` only says what it would do.
"""

import sys

if sys.version_info < (3, 11):  # in words that any Python can read
    sys.exit(
        "Studio needs Python 3.11 or newer; this is %d.%d (%s).\n"
        "Install a newer one and start again with it, for instance: python3.12 main.py"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

from studio.setup.start import start

if __name__ == "__main__":
    sys.exit(start(__file__, sys.argv[1:]))
