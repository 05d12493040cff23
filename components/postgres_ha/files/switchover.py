"""A planned change of the primary, by Patroni's REST API. Runs in the servers' image: Python's standard library alone.

A member that is stopped calls `hand_over`. A person's `make switchover` runs this file beside the settings job's files:
`switchover.py WANTED PASSWORDS ENDPOINT [TO]`.
"""

import base64
import http.client
import importlib
import json
import os
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

ANSWER_SECONDS = 5
POLL_SECONDS = 0.5
CHANGE_SECONDS = 60
"""A switchover soon after a failover is refused until Patroni has seen all members again."""
CONFIRM_SECONDS = 8
"""For a replica to become synchronous, so that it may take over: Patroni needs 2 to 3 s."""
WRITE_SECONDS = 30
"""For the write endpoint to find the new primary."""
COMING = ("running", "starting", "in archive recovery", "creating replica", "restarting")
"""States of a replica that may stream soon."""
MESSAGE = "SELECT pg_logical_emit_message(true, 'ha-platform.switchover', '')"
"""A write that leaves nothing in any table, and waits for a synchronous replica as others do."""

Json = dict[str, Any]
Paused = Callable[[], AbstractContextManager[None]]
"""What lets poolers wait for as long as it lasts (`poolers.py`)."""


class Refused(Exception):
    """It cannot be done: one sentence for a person."""


class Replica(NamedTuple):
    """A member that could take over."""

    name: str
    started: str
    """When its server started, as Patroni writes it: such texts compare as times do."""


class View(NamedTuple):
    """The cluster, as one member sees it."""

    leader: str
    paused: bool
    synchronous: bool
    candidates: tuple[Replica, ...]
    """The one that started last comes first: in a rolling change it has been changed, and need not move again."""
    coming: tuple[str, ...]
    """Those that are on their way."""
    changed: str = ""
    """One that started after all candidates, and is none only because it is not synchronous."""


class Patroni(NamedTuple):
    """A member's REST API, and the password for what changes something."""

    address: str
    word: str

    def ask(
        self, method: str, path: str, body: Json | None = None, *, seconds: float = ANSWER_SECONDS
    ) -> tuple[int, str]:
        """Status and text of any answer. Raises OSError where there is none."""
        user = base64.b64encode(f"patroni:{self.word}".encode()).decode()
        request = urllib.request.Request(
            f"{os.environ.get('HA_REST_SCHEME', 'http')}://{self.address}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {user}"},
        )
        try:
            with _open(request, seconds) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")
        except http.client.HTTPException as error:
            raise OSError(error) from None

    def read(self, path: str) -> Json:
        """Raises OSError where there is no good answer."""
        status, text = self.ask("GET", path)
        if status != http.HTTPStatus.OK:
            raise OSError(f"{self.address} answers {status}")
        found: Json = json.loads(text)
        return found

    def view(self) -> View:
        """Raises OSError."""
        cluster, config = self.read("/cluster"), self.read("/config")
        members = cluster.get("members", [])
        synchronous = bool(config.get("synchronous_mode"))
        most = int(config.get("maximum_lag_on_failover", 2**20))
        replicas = [each for each in members if each["role"] != "leader"]
        fit = [each for each in replicas if _is_fit(each, most, synchronous=synchronous)]
        near = [each for each in replicas if _is_fit(each, most, synchronous=False)]
        started = {each["name"]: self._started(each.get("api_url", "")) for each in near}
        found = [Replica(each["name"], started[each["name"]]) for each in fit]
        last = max(started, key=lambda name: started[name], default="")
        return View(
            leader=_leader(members),
            paused=bool(cluster.get("pause")),
            synchronous=synchronous,
            candidates=tuple(sorted(found, key=lambda one: one.started, reverse=True)),
            coming=tuple(
                each["name"] for each in replicas if each not in fit and each["state"] in (*COMING, "streaming")
            ),
            changed=last if all(one.started < started[last] for one in found) else "",
        )

    def switch(self, leader: str, to: str, *, seconds: float) -> str:
        """Why Patroni did not; empty when `to` leads. Raises OSError."""
        status, said = self.ask("POST", "/switchover", {"leader": leader, "candidate": to}, seconds=seconds)
        if status == http.HTTPStatus.OK and _leader(self.read("/cluster").get("members", [])) == to:
            return ""
        return f"Patroni answers {status}: {said.strip()}"

    def _started(self, url: str) -> str:
        try:
            with _open(urllib.request.Request(url), ANSWER_SECONDS) as response:
                return str(json.loads(response.read()).get("postmaster_start_time") or "")
        except (OSError, ValueError, http.client.HTTPException):
            return ""


def _open(request: urllib.request.Request, seconds: float) -> Any:
    """Verifies a member that answers by TLS, and shows it a certificate."""
    handlers: list[urllib.request.BaseHandler] = [urllib.request.ProxyHandler({})]
    if directory := os.environ.get("HA_REST_TLS"):
        context = ssl.create_default_context(cafile=f"{directory}/ca.pem")
        context.load_cert_chain(f"{directory}/identity.pem")
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers).open(request, timeout=seconds)


def _leader(members: list[Json]) -> str:
    return next((each["name"] for each in members if each["role"] == "leader"), "")


def _is_fit(member: Json, most: int, *, synchronous: bool) -> bool:
    lag = member.get("lag", 0)
    return (
        member["state"] == "streaming"
        and isinstance(lag, int)
        and lag <= most
        and not member.get("tags", {}).get("nofailover")
        and (member["role"] in ("sync_standby", "quorum_standby") or not synchronous)
    )


def hand_over(own: Patroni, name: str, *, seconds: float, paused: Paused = nullcontext) -> str:
    """What a member does before it stops; returns what it did. It waits for a replica that is on its way, and where
    there is none it leaves the rest to Patroni, which gives up the lock when the server has stopped."""
    end, why = time.monotonic() + seconds, "no replica can take over"
    while (left := end - time.monotonic()) > 0:
        try:
            view = own.view()
            if view.leader != name:
                return "it does not lead: nothing to hand over"
            if view.paused:
                return "the cluster is paused: nothing is handed over"
            if view.candidates:
                with _taking_over(own, view, seconds=min(left, CONFIRM_SECONDS)) as to, paused():
                    why = own.switch(name, to, seconds=left)
                if not why:
                    return f"handed over to {to}"
            elif not view.coming:
                return why
        except (OSError, ValueError) as error:
            why = str(error)
        time.sleep(POLL_SECONDS)
    return f"not handed over within {seconds:g} s: {why}"


@contextmanager
def _taking_over(own: Patroni, view: View, *, seconds: float) -> Iterator[str]:
    """Who takes over: if it can be, one that this rolling change has changed already, so that the primary need not move
    again. In a synchronous cluster that one becomes synchronous beside the others, for as long as this lasts: writes
    then wait for one replica more. Raises OSError."""
    if not view.changed:
        yield view.candidates[0].name
        return
    count = {"synchronous_node_count": own.read("/config").get("synchronous_node_count")}
    own.ask("PATCH", "/config", {"synchronous_node_count": len(view.candidates) + 1})
    try:
        yield _confirmed(own, view.changed, seconds=seconds) or view.candidates[0].name
    finally:
        with suppress(OSError):
            own.ask("PATCH", "/config", count)


def _confirmed(own: Patroni, name: str, *, seconds: float) -> str:
    """This one, when it is synchronous; empty: it is not in time. Raises OSError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if name in [one.name for one in own.view().candidates]:
            return name
        time.sleep(POLL_SECONDS)
    return ""


class Writes:
    """Writes through the endpoint, one after the other, and when each was acknowledged."""

    def __init__(self, host: str, psql: str, role: str, password: str) -> None:
        self._line = [psql, "-Xtqc", MESSAGE, "-h", host, "-U", role, "-d", "postgres"]
        self._env = os.environ | {
            "PGPASSWORD": password,
            "PGCONNECT_TIMEOUT": "2",
            "PGOPTIONS": "-c statement_timeout=2s",
        }
        self._times: list[float] = []
        self._said = ""
        """By the last write that failed."""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def begin(self) -> None:
        """Raises Refused where the endpoint takes no write before the change."""
        self._thread.start()
        if not self._acknowledged_after(0.0, WRITE_SECONDS):
            said = f" ({self._said})" if self._said else ""
            raise Refused(
                f"the write endpoint takes no write now, before the change{said}: look at `make status` first"
            )

    def end(self) -> float:
        """The longest time without an acknowledged write. Raises Refused where there is none after the change."""
        now = time.monotonic()
        if not self._acknowledged_after(now, WRITE_SECONDS):
            raise Refused(f"the primary changed, but the write endpoint took no write within {WRITE_SECONDS} s")
        self._stop.set()
        self._thread.join()
        return max((after - before for before, after in pairwise(self._times)), default=0.0)

    def _acknowledged_after(self, moment: float, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._times and self._times[-1] > moment:
                return True
            time.sleep(0.05)
        return False

    def _write(self) -> None:
        while not self._stop.is_set():
            began = time.monotonic()
            done = subprocess.run(self._line, env=self._env, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                self._times.append(time.monotonic())
            else:
                self._said = " ".join(done.stderr.split())
            time.sleep(max(0.0, 0.1 - (time.monotonic() - began)))


def switch_over(hosts: dict[str, str], password: str, to: str, writes: Writes, *, paused: Paused = nullcontext) -> str:
    """Raises Refused. `hosts`: member -> its host."""
    members = {name: Patroni(f"{host}:8008", password) for name, host in hosts.items()}
    if to and to not in members:
        raise Refused(f"TO={to} is no member; there are {', '.join(members)}")
    end, why, leader, now, began = time.monotonic() + CHANGE_SECONDS, "no member answers", "", "", False
    while time.monotonic() < end:
        try:
            view = _seen(members)
            if began and view.leader and view.leader != leader:
                now = view.leader
                break
            leader = view.leader
            chosen = _chosen(view, to)
            if not began:
                writes.begin()
                began = True
            with paused():
                why = members[leader].switch(leader, chosen, seconds=CHANGE_SECONDS)
            if not why:
                now = chosen
                break
            print(f"{why}; it is tried again", file=sys.stderr, flush=True)
        except OSError as error:
            why = str(error)
        time.sleep(2)
    else:
        raise Refused(f"the primary did not change within {CHANGE_SECONDS} s: {why}")
    return f"{now} leads in place of {leader}; writes were away for {writes.end():.1f} s"


def _seen(members: dict[str, Patroni]) -> View:
    """By the first that answers and knows a leader. Raises OSError."""
    why: object = "no member leads"
    for member in members.values():
        try:
            if (view := member.view()).leader:
                return view
        except OSError as error:
            why = error
    raise OSError(why)


def _chosen(view: View, to: str) -> str:
    """Raises Refused where nobody can take over, OSError while somebody may soon."""
    names = [one.name for one in view.candidates]
    if view.paused:
        raise Refused("the cluster is paused; run `patronictl resume` in a member first")
    if to == view.leader:
        raise Refused(f"{to} is the primary already")
    if names and to in ("", *names):
        return to or names[0]
    kind = "synchronous replica that streams" if view.synchronous else "replica that streams and has caught up"
    can = f"who can: {', '.join(names)}" if names else f"there is no {kind}"
    if view.coming and (not to or to in view.coming) and not names:
        raise OSError(f"{can} yet; on the way: {', '.join(view.coming)}")
    raise Refused(f"{f'{to} cannot' if to else 'nobody can'} take over from {view.leader}: {can}")


def _paused(wanted: Json, passwords: dict[str, str]) -> Paused:
    """As the settings job has it beside its own files."""
    if "poolers" not in wanted:
        return nullcontext
    poolers = importlib.import_module("scripts.poolers")
    paused: Paused = poolers.Poolers(**wanted["poolers"], password=passwords["pooler"]).paused
    return paused


def main(wanted_file: str, passwords_file: str, endpoint: str, to: str = "") -> int:
    """0 when the primary changed and the endpoint takes writes."""
    wanted, passwords = json.loads(Path(wanted_file).read_text()), json.loads(Path(passwords_file).read_text())
    writes = Writes(endpoint, wanted["psql"], "ha_settings", passwords["settings"])
    try:
        said = switch_over(wanted["members"], passwords["rest_api"], to, writes, paused=_paused(wanted, passwords))
        print(said, flush=True)
    except Refused as refused:
        print(refused, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
