"""The fixtures, read."""

import re
import shutil
from pathlib import Path
from typing import Any

from composition.rules import RULES
from settings.document import read_document

DIRECTORY = Path(__file__).parent
REPOSITORY = DIRECTORY.parent.parent
BAD = sorted((DIRECTORY / "bad").glob("*.yaml"))
MIXED = sorted((DIRECTORY / "mixed").glob("*.yaml"))
GOOD = sorted([*(DIRECTORY / "ok").glob("*.yaml"), *REPOSITORY.glob("Pulumi.*.yaml")])

TAKEN = "rules_are_taken"
"""The rule that promtool judges, where it is installed."""
JUDGED = {rule.__name__ for rule in RULES if rule.__name__ != TAKEN or shutil.which("promtool")}
"""The names of the rules across keys that are judged here."""


def settings_of(path: Path) -> tuple[dict[str, Any], frozenset[str]]:
    """What stands under `ha-platform:stack`, and the names of the given secrets."""
    config = read_document(path.read_text())["config"]
    return config["ha-platform:stack"], frozenset(config.get("ha-platform:secrets", {}))


def secret_values_of(path: Path) -> dict[str, str]:
    """What the given secrets of the file hold."""
    return dict(read_document(path.read_text())["config"].get("ha-platform:secrets", {}))


def expected_fault(path: Path) -> tuple[str, str]:
    """YAML path and words of the rule, from the file's name. `~2` tells two fixtures of one rule apart."""
    where, _, words = path.stem.partition("--")
    return where, normal(words.partition("~")[0])


def normal(text: str) -> str:
    """Lower case words without punctuation."""
    return re.sub(r"[^a-z0-9]+", " ", text.lower()).strip()
