"""The tables of PostgreSQL's parameters (components/postgres_ha/parameters): what a server says of itself.

`python -m tests.rendered.parameter_table BIN_DIR` starts the server of BIN_DIR as the user `postgres` and writes the
table of its major version. Developers' parameters and what does not belong into a
configuration file are left out.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from components.postgres_ha.parameters import TABLES

QUERY = """\
SELECT concat_ws(E'\\t', name, context, vartype, coalesce(unit, ''), coalesce(min_val, ''), coalesce(max_val, ''),
                 coalesce(array_to_string(enumvals, ','), '')) AS row
FROM pg_settings
WHERE context <> 'internal' AND category NOT IN ('Developer Options', 'Preset Options', 'Customized Options')
      AND 'NOT_IN_SAMPLE' <> ALL (pg_settings_get_flags(name))
ORDER BY name COLLATE "C"
"""


def main(bin_dir: Path) -> None:
    """Write one table."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        data, port = f"{place}/data", "1"  # only names the socket: nothing listens on TCP
        _run(bin_dir / "initdb", "-A", "trust", "-D", data)
        options = f"-p {port} -k {place} -c listen_addresses=''"
        _run(bin_dir / "pg_ctl", "-w", "-D", data, "-l", f"{place}/log", "-o", options, "start")
        try:
            line = ["-XAtq", "-h", place, "-p", port, "-U", "postgres", "-d", "postgres", "-c"]
            major = int(_run("psql", *line, "SHOW server_version_num")) // 10_000
            path = TABLES / f"{major}.tsv"
            path.write_text(_run("psql", *line, QUERY))
        finally:
            _run(bin_dir / "pg_ctl", "-w", "-D", data, "-m", "immediate", "stop")
    print(f"parameters: wrote {path.name}")


def _run(program: Path | str, *arguments: str) -> str:
    done = subprocess.run(
        [str(program), *arguments],
        user="postgres",
        group="postgres",
        extra_groups=[],
        cwd="/",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=180,
    )
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
