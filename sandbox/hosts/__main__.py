"""`python -m sandbox.hosts up|down|status|kill|heal PROFILE [HOST]`."""

import os
import signal
import sys

from sandbox.hosts.cli import main

try:
    code = main(sys.argv[1:])
    sys.stdout.flush()
except BrokenPipeError:  # as in `... | head -1`; SIGPIPE stays ignored, for a daemon may close its socket
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the interpreter flushes once more
    code = 128 + signal.SIGPIPE
sys.exit(code)
