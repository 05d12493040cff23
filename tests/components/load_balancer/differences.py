"""docs/balancer-engines.md: which engine renders which field, as the engines themselves say."""

from collections.abc import Sequence
from typing import Any

from components.load_balancer.engines import ENGINES
from components.load_balancer.traffic import Balancer
from tests.architecture.modules import ROOT
from tests.components.load_balancer.samples import samples

PATH = ROOT / "docs/balancer-engines.md"
_INTRODUCTION = """# Engines of the balancer

`balancers.<name>.engine` chooses the proxy. Each renders a field, or a stack file with it is refused by the field's
name before anything changes. Where two engines render a field and differ at its edges, the table says how. Tests run
the same requests and faults against each engine's real program (`tests/components/load_balancer/`). Generated from the
engines by `make golden`; do not edit.
"""


def text() -> str:
    """The whole page."""
    head = ["| Field | " + " | ".join(ENGINES) + " |", "|---" * (len(ENGINES) + 1) + "|"]
    rows = [
        f"| `{field}` | " + " | ".join(_cell(name, field, settings).replace("|", "\\|") for name in ENGINES) + " |"
        for field, settings in samples()
    ]
    return "\n".join([_INTRODUCTION, *head, *rows, ""])


def _cell(engine: str, field: str, settings: Sequence[dict[str, Any]]) -> str:
    refused = [
        "; ".join(dict.fromkeys(one.reason for one in ENGINES[engine].refusals(Balancer.model_validate(each))))
        for each in settings
    ]
    difference = ENGINES[engine].differences.get(field)
    if all(refused):
        return f"refused: {'; '.join(dict.fromkeys(refused))}"
    says = [difference] if difference else []
    says += [f"refused at times: {reason}" for reason in dict.fromkeys(refused) if reason]
    return f"yes; {'. '.join(says)}" if says else "yes"


def write() -> None:
    """Write the page."""
    PATH.write_text(text())
    print(f"golden: wrote {PATH.name}")
