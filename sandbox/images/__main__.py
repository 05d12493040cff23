"""`python -m sandbox.images build [NAME...] | list | pins [--check] | prune`."""

import sys

from sandbox.images.cli import main

sys.exit(main(sys.argv[1:]))
