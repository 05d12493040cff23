"""Bring a running Patroni cluster to the settings of the stack: `apply_settings WANTED... PASSWORDS`, JSON files.

Patroni takes these settings from its store. What differs there is changed; then members that run with another value
are restarted one at a time, and only while all others follow the primary. What already fits is left alone. What needs
the superuser is ordered (`orders.py`). Runs in the image of the servers: Python's standard library and `psql`.
"""

import http
import json
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from . import logins, owners, server_check
from .differences import Settings, difference, misfits, next_to_restart
from .members import Failed, Member, Orders, leader_of, members_of
from .scram import verifier
from .sql import ANSWER_SECONDS, NotYet

POLL_SECONDS = 1
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
            key: wanted[key] for key in ("first", "databases", "extensions", "roles", "logins") if key in wanted
        }
        self._postgres: str = wanted["postgres"]
        self._orders = Orders()
        self._passwords = passwords
        self._members = members_of(wanted, passwords)

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
        leader = leader_of(self._members)
        paused = self._configure(leader)
        running = self._running()
        if leader.name not in running:
            self._orders.ask(leader)
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
            self._orders.ask(leader)
            raise
        try:
            owners.check(there, roles, self._inside, kept)
            logins.check(leader, self._inside)
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
        passwords = json.loads(self._passwords["roles"])
        verifiers = {role: verifier(role, each) for role, each in passwords.items()}
        said = self._orders.carried_out(leader, self._inside | {"verifiers": verifiers})
        for done in said["done"]:
            print(f"{self._origin}: {done}", flush=True)
        if "failed" in said:
            raise Failed(f"{self._origin}: {said['failed']}")

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
