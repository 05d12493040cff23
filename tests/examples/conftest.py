"""A policy pack is rooted at its folder: `rules` and `views` are imported from there."""

import sys

from tests.stacks.fixtures import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "policies"))
