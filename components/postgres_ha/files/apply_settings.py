"""Bring a running Patroni cluster to the settings of the stack: `apply_settings WANTED... PASSWORDS`, JSON files.

Patroni takes these settings from its store. What differs there is changed; then members that run with another value
are restarted one at a time, and only while all others follow the primary. What already fits is left alone. What needs
the superuser is ordered (`orders.py`). Runs in the image of the servers: Python's standard library and `psql`.
"""

import base64
import http.client
import json
import math
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from . import owners, server_check
from .differences import Settings, difference, misfits, next_to_restart
from .scram import verifier
from .sql import ANSWER_SECONDS, NotYet, Server, quoted

POLL_SECONDS = 1
ASK_SECONDS = 15
"""Before the primary is asked again to look for orders: it may have been another one that was asked."""
RESTARTS = 3
"""Of one member at most: a standby may have to grow in one parameter, and to shrink in another afterwards."""
RUNNING = "SELECT name, setting FROM pg_settings WHERE context = 'postmaster'"
FOLLOWERS = (
    "SELECT application_name, sync_state FROM pg_stat_replication WHERE state = 'streaming' AND replay_lsn >= '{lsn}'"
)

FILED = (
    "SELECT name, setting || E'\\t' || coalesce(error, '') FROM pg_file_settings "
    "WHERE sourcefile LIKE '%/postgresql.conf' ORDER BY seqno"
)
PENDING = "SELECT name, setting FROM pg_settings WHERE pending_restart"
OWN = "ha-platform"
"""The key of the configuration that holds what the stack file says. Patroni passes over it."""
DEFAULT = "its default"
PATRONIS = {
    "max_locks_per_transaction": 64,
    "max_prepared_transactions": 0,
    "max_worker_processes": 8,
    "track_commit_timestamp": "off",
}
"""What Patroni writes where nobody says another value."""


class Failed(Exception):
    """It cannot be done: one sentence for a person."""


class Answer(NamedTuple):
    status: int
    text: str


@dataclass(frozen=True)
class Member:
    """A server, by Patroni's REST API and by SQL."""

    name: str
    host: str
    psql: str
    passwords: dict[str, str]

    def rest(self, method: str, path: str, body: Settings | None = None, *, seconds: float = ANSWER_SECONDS) -> Answer:
        """Any status is an answer. Raises NotYet if there is none."""
        user = base64.b64encode(f"patroni:{self.passwords['rest_api']}".encode()).decode()
        request = urllib.request.Request(
            f"http://{self.host}:8008{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {user}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=seconds) as response:
                return Answer(response.status, response.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            raise NotYet(f"{self.name} does not answer ({error})") from None

    def query(self, sql: str) -> list[tuple[str, str]]:
        """The first two columns of each row. Raises NotYet if the server does not answer."""
        return self._server.query(sql)

    def refused(self, sql: str) -> str:
        """Why the server refuses; NotYet as for a query."""
        return self._server.refused(sql)

    @property
    def _server(self) -> Server:
        return Server(self.name, self.host, self.psql, "ha_settings", self.passwords["settings"])


class Cluster:
    """The members, what is wanted of them, and how long that may take."""

    def __init__(self, wanted: Settings, passwords: dict[str, str]) -> None:
        self._origin: str = wanted["origin"]
        self._configuration: Settings = wanted["configuration"]
        self._parameters: Settings = self._configuration["postgresql"]["parameters"]
        self._seconds: int = wanted["seconds"]
        self._end = time.monotonic() + self._seconds
        self._own: list[str] = self._configuration[OWN]["parameters"] or []
        self._taken_out: set[str] = set()
        self._changed = False
        self._restarts: Counter[str] = Counter()
        self._inside: Settings = {
            key: wanted[key] for key in ("first", "databases", "extensions", "roles") if key in wanted
        }
        self._postgres: str = wanted["postgres"]
        self._order: str | None = None
        self._asked = -math.inf
        self._passwords = passwords
        self._members = {
            name: Member(name, host, wanted["psql"], passwords) for name, host in wanted["members"].items()
        }

    def apply(self) -> None:
        """Raises Failed."""
        self._check_server()
        reason = "no member was asked"
        while time.monotonic() < self._end:
            try:
                if self._step():
                    return
            except NotYet as not_yet:
                reason = str(not_yet)
                time.sleep(POLL_SECONDS)
        raise Failed(f"{self._origin}: the settings were not in force within {self._seconds} s: {reason}")

    def _step(self) -> bool:
        """One change, or True when there is nothing left to change."""
        leader = self._leader()
        paused = self._configure(leader)
        running = self._running()
        if leader.name not in running:
            self._ask(leader)
            raise NotYet(f"the server of {leader.name} does not answer")
        for member, parameters in running.items():
            self._check_read(self._members[member], parameters)
        away = [name for name in self._members if name not in running]
        name = next_to_restart(leader.name, self._compared, running)
        if name is None:
            self._check_away(away)
            self._check_synchronous(leader)
            self._create(leader)
            note = f"; away, and takes them when it starts: {', '.join(away)}" if away else ""
            print(f"{self._origin}: the settings are in force{note}", flush=True)
            return True
        if paused:
            raise self._paused()
        if away:
            raise NotYet(f"{', '.join(away)} does not answer, and no member is restarted while another is away")
        self._check_followers(leader)
        self._restart(self._members[name], misfits(self._compared, running[name]))
        return False

    def _leader(self) -> Member:
        reasons = []
        for member in self._members.values():
            try:
                if member.rest("GET", "/primary").status == http.HTTPStatus.OK:
                    return member
            except NotYet as reason:
                reasons.append(str(reason))
        raise NotYet("; ".join(["no member is the primary", *reasons]))

    def _configure(self, leader: Member) -> bool:
        """Change what differs in the store. Returns whether the cluster is paused."""
        answer = leader.rest("GET", "/config")
        if answer.status != http.HTTPStatus.OK:
            raise NotYet(f"{leader.name} has no configuration yet (status {answer.status})")
        actual = json.loads(answer.text)
        self._check_owners(leader, actual.get(OWN, {}).get("database", ""))
        paused = bool(actual.get("pause"))
        self._taken_out |= set(actual.get(OWN, {}).get("parameters", ())) - set(self._parameters)
        changes = difference(self._wanted(), actual)
        if not changes:
            return paused
        if paused:
            raise self._paused()
        answer = leader.rest("PATCH", "/config", changes)
        if answer.status in (http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.BAD_REQUEST):
            raise Failed(f"{self._origin}: {leader.name} refuses the settings: {answer.text.strip()}")
        if answer.status != http.HTTPStatus.OK:
            raise NotYet(f"{leader.name} could not store the settings (status {answer.status})")
        self._changed = True
        print(f"{self._origin}: changed {json.dumps(changes)}", flush=True)
        return False

    def _check_server(self) -> None:
        """Raises Failed, before anything is changed, with what the server of this image would refuse: it is theirs."""
        try:
            faults = server_check.refused(self._postgres, self._parameters)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed(f"{self._origin}: the image's server cannot be asked about parameters: {error}") from None
        if faults:
            at = {name: f".parameters{f'.{name}' if name else ''}" for name in faults}
            said = [f"{self._origin}{at[name]}: the image's server refuses it: {why}" for name, why in faults.items()]
            raise Failed("\n".join([*said, "Nothing was changed. Write another value, or another image."]))

    def _check_owners(self, leader: Member, kept: str) -> None:
        """Raises Failed, before anything is changed, where another name of a database or owner cannot be followed."""
        try:
            there, roles = dict(leader.query(owners.DATABASES)), dict(leader.query(owners.ROLES))
        except NotYet:
            self._ask(leader)
            raise
        try:
            owners.check(there, roles, self._inside, kept)
        except ValueError as error:
            raise Failed(f"{self._origin}.{error}") from None

    def _wanted(self) -> Settings:
        """The configuration, without what the stack file no longer has."""
        postgresql = self._configuration["postgresql"]
        parameters: Settings = dict.fromkeys(sorted(self._taken_out), None) | self._parameters
        return self._configuration | {"postgresql": postgresql | {"parameters": parameters}}

    @property
    def _compared(self) -> Settings:
        """What parameters that need a restart are compared with."""
        return self._parameters | {name: PATRONIS.get(name, DEFAULT) for name in self._taken_out}

    def _check_read(self, member: Member, running: dict[str, str]) -> None:
        """Raises NotYet until the member's file has the stack file's parameters, Failed if it does not take one.

        What an extension's parameter or a default looks like when it runs is not known here: `running` gets them as
        wanted unless the server says that they need a restart.
        """
        if not self._own and not self._taken_out:
            return
        filed = {name: text.rpartition("\t")[::2] for name, text in member.query(FILED)}
        for name in self._own:
            value = str(self._parameters[name])
            setting, error = filed.get(name, (None, ""))
            if setting != value:
                raise NotYet(f"{member.name} has not read {name} = {value}")
            if error and name not in running:
                raise Failed(f"{self._origin}: {member.name} does not take {name} = {value}: {error}")
            if "." in name and not error:
                running[name] = value
        taken_out = self._taken_out - PATRONIS.keys()
        if left := sorted(taken_out & filed.keys()):
            raise NotYet(f"{member.name} has not read that {', '.join(left)} is taken out")
        pending = dict(member.query(PENDING)) if taken_out else {}
        running |= dict.fromkeys(taken_out - pending.keys(), DEFAULT)

    def _create(self, leader: Member) -> None:
        """Roles, databases and extensions that are missing: ordered, for only the primary itself may make them."""
        if self._order is None:
            passwords = json.loads(self._passwords["roles"])
            wanted = self._inside | {"verifiers": {role: verifier(role, each) for role, each in passwords.items()}}
            order = secrets.token_hex(16)
            values = f"{quoted(order)}, {quoted(json.dumps(wanted))}"
            if refused := leader.refused(f"INSERT INTO ha_platform.orders (id, wanted) VALUES ({values})"):
                self._ask(leader)
                raise NotYet(f"{leader.name} takes no order: {refused}")
            self._order, self._asked = order, -math.inf
        outcomes = leader.query(f"SELECT outcome, id FROM ha_platform.orders WHERE id = {quoted(self._order)}")
        if not outcomes:  # what one primary took the next has not, after some failovers
            self._order = None
            raise NotYet(f"{leader.name} has lost an order")
        [(outcome, _)] = outcomes
        if not outcome:
            self._ask(leader)
            raise NotYet(f"{leader.name} has not carried out an order: see its log")
        said = json.loads(outcome)
        for done in said["done"]:
            print(f"{self._origin}: {done}", flush=True)
        if "failed" in said:
            raise Failed(f"{self._origin}: {said['failed']}")

    def _ask(self, leader: Member) -> None:
        """Patroni reloads, and so calls what looks for orders, and lets this job in where it could not log in."""
        if time.monotonic() > self._asked + ASK_SECONDS:
            leader.rest("POST", "/reload")
            self._asked = time.monotonic()

    def _paused(self) -> Failed:
        return Failed(
            f"{self._origin}: the cluster is paused, so its settings are left alone; run `patronictl resume` in a "
            f"member, then `up` again"
        )

    def _running(self) -> dict[str, dict[str, str]]:
        """Parameters of the members that answer."""
        found = {}
        for member in self._members.values():
            try:
                found[member.name] = dict(member.query(RUNNING))
            except NotYet:
                continue
        return found

    def _check_away(self, away: list[str]) -> None:
        """Raises NotYet unless who is away has no Patroni that runs: only then does it start with what is stored."""
        for name in away:
            if self._changed:
                raise NotYet(f"{name} does not answer")
            try:
                self._members[name].rest("GET", "/liveness")
            except NotYet:
                continue
            raise NotYet(f"the server of {name} does not answer")

    def _check_followers(self, leader: Member) -> None:
        """Raises NotYet unless every standby has replayed what the primary has written."""
        followers = self._followers(leader)
        if behind := [name for name in self._members if name != leader.name and name not in followers]:
            raise NotYet(f"{', '.join(behind)} has not caught up with {leader.name}")

    def _check_synchronous(self, leader: Member) -> None:
        followers = self._followers(leader)
        if self._configuration["synchronous_mode"] and "sync" not in followers.values():
            raise NotYet(f"no standby of {leader.name} is synchronous")

    def _followers(self, leader: Member) -> dict[str, str]:
        [(lsn, _)] = leader.query("SELECT pg_current_wal_lsn()")
        return dict(leader.query(FOLLOWERS.format(lsn=lsn)))

    def _restart(self, member: Member, values: dict[str, str]) -> None:
        changes = ", ".join(f"{name} {value} -> {self._compared[name]}" for name, value in values.items())
        if self._restarts[member.name] == RESTARTS:
            raise Failed(f"{self._origin}: {RESTARTS} restarts of {member.name} did not change {changes}: see its log")
        self._changed = True
        left = max(ANSWER_SECONDS, self._end - time.monotonic())
        answer = member.rest("POST", "/restart", {"restart_pending": True}, seconds=left)
        if answer.status == http.HTTPStatus.OK:
            self._restarts[member.name] += 1
            print(f"{self._origin}: restarted {member.name}: {changes}", flush=True)
        elif "failed" in answer.text:
            raise Failed(f"{self._origin}: {member.name} does not start with {changes}: see its log")
        else:
            raise NotYet(f"{member.name} was not restarted for {changes}: {answer.text.strip()}")


def main(*files: str) -> int:
    """0 when the settings are in force. The last file has the passwords; those before it are one document."""
    *documents, passwords = (json.loads(Path(file).read_text()) for file in files)
    wanted = {key: value for document in documents for key, value in document.items()}
    try:
        Cluster(wanted, passwords).apply()
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
