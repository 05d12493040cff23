"""The policy pack: every rule, at the level of production unless a configuration says otherwise.

A pack is a program of its own. It imports nothing of the project: it judges what was rendered, for both platforms.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from levels.servicer import Levels
from pulumi_policy import EnforcementLevel, PolicyPack
from rules import RULES

levels = Levels(RULES)
levels.listen()
PolicyPack(
    name="ha-platform",
    enforcement_level=EnforcementLevel.MANDATORY,
    policies=[*(rule.policy() for rule in RULES), levels.policy()],
)
