"""What was rendered is looked at as policies look at it, whose pack is rooted at its folder."""

import sys

from tests.stacks.fixtures import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "policies"))
