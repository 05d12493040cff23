"""The end of a rotation, when every client was replaced: `retire_logins WANTED PASSWORDS`, JSON files.

Waits until no server of the cluster has a session of a login that was replaced, for a while; then has the primary take
those logins away. One that somebody uses stays, and this ends with who it is.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

from . import logins
from .members import Failed, Orders, leader_of, members_of
from .sql import NotYet, quoted

POLL_SECONDS = 1
SHOWN = 5
WHO = (
    "SELECT usename, concat_ws(' as ', coalesce(host(client_addr), 'a socket'), nullif(application_name, '')) "
    "FROM pg_stat_activity WHERE usename IN ({names})"
)


class Retirement:
    """`stop`: how long what is being replaced may still run, seen or not: who connects for each request is not there
    all the time. `quiet` is for how many seconds nobody may be seen in the end."""

    def __init__(self, wanted: dict[str, Any], passwords: dict[str, str]) -> None:
        self._origin: str = wanted["origin"]
        self._logins: dict[str, str] = wanted["logins"]
        self._quiet: float = wanted["quiet"]
        self._seconds: int = wanted["seconds"]
        self._members = members_of(wanted, passwords)
        self._orders = Orders()
        self._stopped = time.monotonic() + wanted["stop"]
        self._seen = time.monotonic()
        """When a session of a former login was there last, or a server did not say."""

    def apply(self) -> None:
        """Raises Failed."""
        end, reason = time.monotonic() + self._seconds, "no member was asked"
        while time.monotonic() < end:
            try:
                self._step()
            except NotYet as not_yet:
                reason = str(not_yet)
                time.sleep(POLL_SECONDS)
                continue
            print(f"{self._origin}: the former passwords are refused", flush=True)
            return
        raise Failed(
            f"{self._origin}.rotate: the former passwords still hold, after {self._seconds} s: {reason}. Clients of "
            "the stack have the new ones. Replace or end who has an old one, then `up` again"
        )

    def _step(self) -> None:
        leader = leader_of(self._members)
        try:
            former = sorted({one.name for one in logins.former(leader, self._logins)})
        except ValueError as error:
            raise Failed(f"{self._origin}: {error}") from None
        if former:
            self._check_unused(former)
            if (left := max(self._stopped, self._seen + self._quiet) - time.monotonic()) > 0:
                raise NotYet(f"nobody uses {', '.join(former)}, which has to hold for {left:.0f} s more")
        elif not self._orders.placed:  # what came of one that was is told below
            return
        said = self._orders.carried_out(leader, {"retire": self._logins})
        for done in said["done"]:
            print(f"{self._origin}: {done}", flush=True)
        if "failed" in said:
            self._seen = time.monotonic()
            raise NotYet(said["failed"])

    def _check_unused(self, former: list[str]) -> None:
        """Raises NotYet unless every server says that nobody is there."""
        sql = WHO.format(names=", ".join(quoted(name) for name in former))
        used: list[str] = []
        try:
            for member in self._members.values():
                used += [f"{name} from {where}" for name, where in member.query(sql)]
        except NotYet:
            self._seen = time.monotonic()
            raise
        if used:
            self._seen = time.monotonic()
            more = f", and {len(used) - SHOWN} more" if len(used) > SHOWN else ""
            raise NotYet(f"connected: {', '.join(sorted(used)[:SHOWN])}{more}")


def main(wanted: str, passwords: str) -> int:
    """0 when the former passwords are refused."""
    try:
        Retirement(*(json.loads(Path(file).read_text()) for file in (wanted, passwords))).apply()
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
