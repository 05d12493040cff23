"""A client on the side that is cut off: a program in a replica's network, which remembers what it was told.

`python -m drills.beside PATH URL` asks that replica again and again, and prints each answer that acknowledges
something.
"""

import json
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from typing import Any

import httpx

from drills.commands import REPOSITORY

URL = "http://127.0.0.1:8000"
"""Where the application of the live stack listens."""
INTERVAL_SECONDS = 0.05
TIMEOUT_SECONDS = 10.0
WRITES, VISITS = "/writes", "/session"


class Beside:
    """Such a client, from its construction on. `enter` starts a program in the replica's network."""

    def __init__(self, enter: Sequence[str], path: str, url: str = URL) -> None:
        self._path, self._said = path, tempfile.TemporaryFile("w+")  # noqa: SIM115 - it is read later
        program = ["env", f"PYTHONPATH={REPOSITORY}", sys.executable, "-m", "drills.beside", path, url]
        self._process = subprocess.Popen([*enter, *program], stdout=self._said, start_new_session=True)

    def stop(self) -> None:
        """Nothing is sent any more."""
        self._process.kill()
        self._process.wait()

    def acknowledged(self) -> int:
        """How many answers there have been."""
        return len(self._answers())

    def lost(self, url: str) -> int:
        """How many of what was acknowledged is gone, as another entry of the application says."""
        answers = self._answers()
        if not answers:
            return 0
        with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client:
            if self._path == VISITS:
                last = answers[-1]
                client.cookies.update(last["cookies"])
                found = client.get(VISITS).raise_for_status().json()["count"]
                return max(0, int(last["acknowledged"]) + 1 - int(found))
            told = {int(one["acknowledged"]) for one in answers}
            asked = {"writer": answers[0]["writer"], "upto": max(told)}
            missing = client.get(f"{WRITES}/missing", params=asked).raise_for_status().json()["missing"]
            return len(told & set(missing))

    def _answers(self) -> list[dict[str, Any]]:
        self._said.seek(0)
        return [json.loads(line) for line in self._said.read().splitlines() if line.endswith("}")]


def main(path: str, url: str) -> None:
    """Never ends."""
    writer, sequence = f"beside-{uuid.uuid4().hex[:12]}", 0
    with httpx.Client(base_url=url, timeout=TIMEOUT_SECONDS) as client:
        while True:
            sequence += 1
            try:
                if path == VISITS:
                    told = client.get(VISITS).raise_for_status().json()["count"]
                else:
                    client.post(path, json={"writer": writer, "sequence": sequence}).raise_for_status()
                    told = sequence
            except httpx.HTTPError:
                pass
            else:
                print(json.dumps({"writer": writer, "acknowledged": told, "cookies": dict(client.cookies)}), flush=True)
            time.sleep(INTERVAL_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
