"""What a stack promises, as a table."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from cli.status import PLAIN_WIDTH

Said = Mapping[str, Mapping[str, Mapping[str, str]]]
COLUMNS = {"no writes": "no writes, at worst", "lost": "acknowledged writes at risk"}


def show_promises(promises: Said) -> None:
    """Print a line for each component and fault; nothing where nothing is promised."""
    if not promises:
        return
    table = Table("promised by", "fault", *COLUMNS.values(), box=None, pad_edge=False)
    for component, faults in sorted(promises.items()):
        for fault, said in faults.items():
            table.add_row(component, fault, *(said.get(key, "") for key in COLUMNS))
    print()
    Console(width=None if Console().is_terminal else PLAIN_WIDTH, highlight=False).print(table)
