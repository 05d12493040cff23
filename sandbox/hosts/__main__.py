"""`python -m sandbox.hosts up|down|status|kill|heal PROFILE [HOST]`."""

import sys

from sandbox.hosts.cli import main

sys.exit(main(sys.argv[1:]))
