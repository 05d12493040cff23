"""What a stack promises, as a table."""

from collections.abc import Mapping
from types import MappingProxyType

from rich.console import Console
from rich.table import Table

from cli.status import PLAIN_WIDTH

Said = Mapping[str, Mapping[str, Mapping[str, str]]]
NOTHING: Said = MappingProxyType({})
FAULTS = {"no writes": "no writes, at worst", "lost": "acknowledged writes at risk"}


def show_promises(promises: Said, before: Said = NOTHING) -> None:
    """Print a line for each component and fault, and then one for what else is promised; nothing where nothing is. What
    was promised `before`, and is changed, stands beside it."""
    console = Console(width=None if Console().is_terminal else PLAIN_WIDTH, highlight=False)
    table = Table("promised by", "fault", *FAULTS.values(), box=None, pad_edge=False)
    lines = []
    for component, kinds in sorted(promises.items()):
        for kind, said in kinds.items():
            was = before.get(component, {}).get(kind, {})
            if said.keys() & FAULTS:
                table.add_row(component, kind, *(_cell(said.get(key, ""), was.get(key)) for key in FAULTS))
            else:
                lines.append(f"{component} {kind}: {_cell(said.get(kind, ''), was.get(kind))}")
    if table.rows:
        print()
        console.print(table)
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def _cell(text: str, was: str | None) -> str:
    return text if was in (None, text) else f"{text} (was {was})"
