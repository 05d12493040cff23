"""The jobs of a database as they are rendered, run on this machine."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.live.app.postgres_server import POSTGRES_BIN


def run_job(
    spec: dict[str, Any],
    files: Mapping[str, str],
    *,
    mounted: str,
    place: Path,
    passwords: Mapping[str, str],
    certificates: Mapping[str, str],
    changed: Mapping[str, Any],
    sslmode: str = "verify-full",
) -> "subprocess.CompletedProcess[str]":
    """What is `mounted` in its container is in `place` here, `certificates` by their names; `changed` are parts of what
    it is told."""
    for path, content in files.items():
        here = Path(path.replace(mounted, str(place)))
        here.parent.mkdir(parents=True, exist_ok=True)
        here.write_text(content)
    programs = {name: f"{POSTGRES_BIN}/{name}" for name in ("psql", "postgres")}
    wanted = json.loads((place / "wanted.json").read_text()) | programs | changed
    (place / "wanted.json").write_text(json.dumps(wanted))
    (place / "passwords.json").write_text(json.dumps(passwords))
    for name, certificate in certificates.items():
        (place / name).write_text(certificate)
    variables = {name: value.replace(mounted, str(place)) for name, value in spec["env"].items()}
    return subprocess.run(
        [sys.executable, *spec["commands"][spec["commands"].index("python3") + 1 :],
         *(part.replace(mounted, str(place)) for part in spec["args"])],
        env=variables | {"PATH": os.environ["PATH"], "PGSSLMODE": sslmode},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
