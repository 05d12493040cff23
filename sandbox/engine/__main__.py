"""`python -m sandbox.engine`."""

import sys

from sandbox.engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
