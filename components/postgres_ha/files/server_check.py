"""Whether the server of this image takes parameters: it reads them as it would at a start, and starts nothing.

`postgres -C` reads a file with all its checks and ends. It does not look for libraries, nor at what an extension's
parameter means.
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

_SECONDS = 60


def refused(postgres: str, parameters: Mapping[str, object]) -> dict[str, str]:
    """Parameter -> why the server `postgres` refuses it; the name is empty where only all together are refused.

    Raises OSError where the program cannot be run.
    """
    together = _said(postgres, parameters)
    if not together:
        return {}
    found = {name: _said(postgres, {name: value}) for name, value in parameters.items()}
    return {name: said for name, said in found.items() if said} or {"": together}


def _said(postgres: str, parameters: Mapping[str, object]) -> str:
    with tempfile.TemporaryDirectory() as place:
        lines = [f"{name} = '{_quoted(str(value))}'\n" for name, value in parameters.items() if value is not None]
        Path(place, "postgresql.conf").write_text("".join(lines))
        done = subprocess.run(
            [postgres, "-C", "data_directory", "-D", place], capture_output=True, timeout=_SECONDS, check=False
        )
    if done.returncode == 0:
        return ""
    said = [line.partition(":  ")[2] for line in done.stderr.decode(errors="replace").splitlines()]
    told = [line for line in said if line and "postgresql.auto.conf" not in line]
    text = (told or [f"it ended with {done.returncode}"])[0].replace(f"{place}/", "")
    return "".join(each if each.isprintable() else "?" for each in text)


def _quoted(value: str) -> str:
    """As Patroni writes it into the servers' file."""
    return value.replace("\\", "\\\\").replace("'", "''")
