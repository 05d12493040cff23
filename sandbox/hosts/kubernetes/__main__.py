"""`python -m sandbox.hosts.kubernetes`: builds what a cluster runs, if that is not there yet, and says where it is."""

import sys

from sandbox.hosts.errors import HostError
from sandbox.hosts.kubernetes.binaries import PROGRAMS

try:
    print(f"Kubernetes: {PROGRAMS.ensure()}")
except HostError as error:
    sys.exit(f"Kubernetes: {error}")
