"""How a member begins: `encryption.py PROGRAM ...` makes ready what encryption needs, and becomes the program.

A server takes a key only from a file that is its user's alone, and no platform mounts one so: a copy is made in a
directory of the container's own. Patroni's configuration is put together there, too, for one part of it changes.

A primary of a version without encryption is one that no replica can verify. So a member with data from that time begins
with replication that is encrypted where the other side can. When every member says in Patroni's store that its server
encrypts, a second process marks the volume and lets Patroni read its configuration again: from then on replication
verifies whom it follows. A member without data verifies from the start, until it finds one that cannot be verified.

Patroni's REST API has TLS or not, as the stack file says. A member whose volume was never in use by one that takes it
from others (the mark `.rest`) does not begin with it: the others would not know it any more.
"""

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

MOUNTED = Path(__file__).parent.parent
TAG = "encrypts"
"""What a member says of itself in Patroni's store, where only members write."""
LENIENT = """\
postgresql:
  authentication:
    replication: {sslmode: prefer, sslrootcert: null}
    rewind: {sslmode: prefer, sslrootcert: null}
"""
POLL_SECONDS = 2
ANSWER_SECONDS = 5


class Member:
    """One member, by its directories: `own` is the container's, `volume` keeps its data."""

    def __init__(self, own: Path, volume: Path, mounted: Path = MOUNTED, *, rest: str = "") -> None:
        self._own, self._mounted, self._rest = own, mounted, rest
        self._prepared = volume / ".rest"
        self._mark = volume / ".tls"
        self._data = volume / "pgdata/PG_VERSION"
        self._lenient = own / "config/90-lenient.yml"

    @property
    def changed(self) -> bool:
        """Whether every member was seen to encrypt."""
        return self._mark.exists()

    def prepare(self) -> None:
        """Before the program: the key, and the configuration. Raises SystemExit where REST may not change yet."""
        self._check_rest()
        (self._own / "config").mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(self._own / "identity.pem", (self._mounted / "tls/identity.pem").read_text())
        for file in sorted((self._mounted / "config").glob("*.yml")):
            link = self._own / "config" / file.name
            link.unlink(missing_ok=True)
            link.symlink_to(file)
        self._be(lenient=self._data.exists() and not self.changed)

    def _check_rest(self) -> None:
        if not self._rest:
            self._prepared.unlink(missing_ok=True)
            return
        if self._rest == "https" and self._data.exists() and not self._prepared.exists():
            raise SystemExit(
                "encryption: Patroni's REST API of a database that runs becomes encrypted in two updates, the first "
                "with `tls: {rest: prepared}`. This member does not begin; the others go on."
            )
        self._prepared.touch()

    def look(self, members: list[dict[str, Any]], count: int) -> bool:
        """Follow what the members say of themselves; whether Patroni has something to read."""
        plain = any(not one.get("tags", {}).get(TAG) for one in members)
        if not plain and len(members) >= count:
            self._mark.touch()
            return self._be(lenient=False)
        return plain and self._be(lenient=True)

    def _be(self, *, lenient: bool) -> bool:
        if lenient == self._lenient.exists():
            return False
        if lenient:
            _write(self._lenient, LENIENT)
        else:
            self._lenient.unlink()
        return True


def _write(path: Path, text: str) -> None:
    """Readable for its owner alone from its first moment, and never half of it."""
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def watch(member: Member, program: int, *, address: str, count: int) -> None:
    """Until the member has changed, or the program has ended."""
    while os.getppid() == program and not member.changed:
        time.sleep(POLL_SECONDS)
        try:
            members = _members(address)
        except (OSError, ValueError, http.client.HTTPException):
            continue  # Patroni is not there yet
        if member.look(members, count):
            state = "verifies whom it follows" if member.changed else "follows a member that does not encrypt yet"
            print(f"encryption: replication {state}", flush=True)
            os.kill(program, signal.SIGHUP)


def _members(address: str) -> list[dict[str, Any]]:
    """As this member's own Patroni reads them in its store."""
    connection = http.client.HTTPConnection(address, timeout=ANSWER_SECONDS)
    if os.environ.get("HA_REST_SCHEME") == "https":
        context = ssl.create_default_context(cafile=f"{os.environ['HA_REST_TLS']}/ca.pem")
        connection = http.client.HTTPSConnection(address, timeout=ANSWER_SECONDS, context=context)
    try:
        connection.request("GET", "/cluster")
        answer = connection.getresponse()
        members: list[dict[str, Any]] = json.loads(answer.read()).get("members", [])
        return members
    finally:
        connection.close()


def main(arguments: list[str]) -> None:
    """Becomes the program."""
    rest = os.environ.get("HA_REST_SCHEME", "")
    member = Member(Path(os.environ["HA_OWN"]), Path(os.environ["HA_VOLUME"]), rest=rest)
    if arguments[0] == "--watch":
        address, count = os.environ["PATRONI_RESTAPI_CONNECT_ADDRESS"], int(os.environ["HA_MEMBERS"])
        watch(member, int(arguments[1]), address=address, count=count)
        return
    member.prepare()
    if not member.changed:
        subprocess.Popen([sys.executable, __file__, "--watch", str(os.getpid())])
    os.execvp(arguments[0], arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
