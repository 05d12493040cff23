"""What a person orders of the agents: `backup_orders WANTED PASSWORDS` and `list`, `take KIND` or
`restore TO TIMELINE OVERWRITE`.

Runs beside the settings job, with its files. A restore in place pauses Patroni, stops all servers, restores the files
in the member that led, starts it again and has the others copy from it. Each step may be done again, so a restore that
was interrupted is begun again with the same words.
"""

import base64
import json
import math
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from .backup_target import Json, Refused, chosen, utc
from .switchover import Patroni

PORT = 8010
ANSWER_SECONDS = 10
POLL_SECONDS = 1.0
READ_SECONDS = 150
REACH_SECONDS = 30
CLOSE_SECONDS = 150
PAUSE_SECONDS = 60
START_SECONDS = 300
AGAIN_SECONDS = 30
BACKUP_BEGIN_SECONDS = 90


class Agent(NamedTuple):
    """A member's."""

    name: str
    host: str
    word: str

    def ask(self, method: str, path: str, body: Json | None = None, *, seconds: float = ANSWER_SECONDS) -> Json:
        """Raises OSError where nobody answers, Refused where it does not do it."""
        word = base64.b64encode(f"backups:{self.word}".encode()).decode()
        request = urllib.request.Request(
            f"http://{self.host}:{PORT}{path}",
            method=method,
            data=json.dumps(body or {}).encode() if method == "POST" else None,
            headers={"Authorization": f"Basic {word}"},
        )
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=seconds) as response:
                found: Json = json.loads(response.read())
                return found
        except urllib.error.HTTPError as error:
            raise Refused(f"{self.name}: {error.read().decode(errors='replace')}") from None


class Cluster:
    """Its members' agents and their Patroni."""

    def __init__(self, hosts: dict[str, str], passwords: dict[str, str]) -> None:
        self.agents = [Agent(name, host, passwords["backups"]) for name, host in hosts.items()]
        self._patronis = {name: Patroni(f"{host}:8008", passwords["rest_api"]) for name, host in hosts.items()}

    def reach(self) -> None:
        """Returns when a member answers: a new container has no way to others yet, where a policy opens it."""
        end = time.monotonic() + REACH_SECONDS
        while not self.told() and time.monotonic() < end:
            time.sleep(POLL_SECONDS)

    def told(self) -> dict[str, Json]:
        """How backups are, by member that answers."""
        found = {}
        for agent in self.agents:
            try:
                found[agent.name] = agent.ask("GET", "/backups")
            except OSError:
                continue
        return found

    def leader(self) -> tuple[Agent, Json]:
        """The agent of the primary, and what it says. Raises Refused."""
        told = self.told()
        for agent in self.agents:
            if told.get(agent.name, {}).get("leads"):
                return agent, told[agent.name]
        raise Refused("no member's server is a primary that archives: look at `make status` first")

    def take(self, kind: str) -> str:
        """Returns when it is complete in every repository."""
        agent, before = self.leader()
        agent.ask("POST", "/take", {"kind": kind})
        begun, end = False, time.monotonic() + BACKUP_BEGIN_SECONDS
        while True:
            time.sleep(POLL_SECONDS)
            _, told = self.leader()
            begun = begun or bool(told["running"])
            new = [one for one in told["backups"] if one["ended"] > before["now"]]
            if told["failed"] and not told["running"] and begun:
                raise Refused("; ".join(f"repository {name}: {why}" for name, why in told["failed"].items()))
            if {one["repository"] for one in new} >= {*told["due"]}:
                return ", ".join(f"{one['label']} in {one['repository']}" for one in new)
            if not begun and not new and time.monotonic() > end:
                why = [f"repository {name}: {why}" for name, why in told["faults"].items()]
                raise Refused("; ".join(why) or f"no backup began within {BACKUP_BEGIN_SECONDS} s")

    def restore(self, to: str, timeline: str, *, overwrite: bool) -> str:
        """The cluster in place, as it was. Raises Refused."""
        told = self.told()
        if not told:
            raise Refused("no member's agent answers: look at `make status` first")
        reader = next((one for one in self.agents if told.get(one.name, {}).get("leads")), None)
        reader = reader or next(one for one in self.agents if one.name in told)
        backups = reader.ask("POST", "/read", seconds=READ_SECONDS)["backups"]
        target = chosen(to, timeline, backups, time.time())
        reader.ask("POST", "/plan", target, seconds=READ_SECONDS)
        if not overwrite:
            raise Refused(
                "it overwrites what is in the database now: say so with OVERWRITE=<the database>. For another "
                "database beside it there is `restore_from`"
            )
        chief, undo = self._close(told)
        self._pause(True)
        for agent in sorted(self.agents, key=lambda one: one.name == chief.name):
            if agent.name in told:
                agent.ask("POST", "/stop", seconds=START_SECONDS)
        say(f"all servers are stopped; {chief.name} is restored")
        try:
            chief.ask("POST", "/restore", target)
            self._until_restored(chief)
        except Refused as failed:
            raise Refused(
                f"{failed}. All servers are stopped and Patroni is paused; restore to another moment{undo}"
            ) from None
        self._start(chief)
        self._copy(chief)
        try:
            chief.ask("POST", "/take", {"kind": "full"})
        except (OSError, Refused) as error:
            say(f"the first backup after it is not begun yet: {error}")
        return f"restored to {to or 'the end of the archive'}; {chief.name} leads, and a full backup begins{undo}"

    def _close(self, told: dict[str, Json]) -> tuple[Agent, str]:
        """What was acknowledged goes to the archive first, so that this can be undone. Who is restored, and how the
        state before is reached again."""
        leads = [agent for agent in self.agents if told.get(agent.name, {}).get("leads")]
        if not leads:
            say("no server is the primary: what it had not archived is lost")
            return next(agent for agent in self.agents if agent.name in told), ""
        timeline = int(self._patronis[leads[0].name].read("/patroni").get("timeline") or 0)
        before = utc(time.time(), fraction=True)  # a second earlier would leave the last writes out
        try:
            leads[0].ask("POST", "/close", seconds=CLOSE_SECONDS)
        except (OSError, Refused) as error:
            raise Refused(f"what the primary has is not in the archive yet, and would be lost: {error}") from None
        return leads[0], f"; as it was before: TO='{before}' TIMELINE={timeline}"

    def _pause(self, paused: bool) -> None:
        """Patroni leaves the servers alone, or takes care of them again."""

        def done() -> bool:
            for patroni in self._patronis.values():
                try:
                    patroni.ask("PATCH", "/config", {"pause": paused or None})
                    break
                except OSError:
                    continue
            asked = 0
            for patroni in self._patronis.values():
                try:
                    asked += bool(json.loads(patroni.ask("GET", "/patroni")[1]).get("pause")) == paused
                except (OSError, ValueError):
                    continue
            return asked == len(self.told())

        until(done, PAUSE_SECONDS, f"Patroni was not {'paused' if paused else 'resumed'}")

    def _until_restored(self, chief: Agent) -> None:
        while True:
            try:
                told = chief.ask("GET", "/backups")["restore"]
            except OSError:
                told = {"state": "running"}
            if told["state"] == "failed":
                raise Refused(f"{chief.name}: {told['said']}")
            if told["state"] == "done":
                return
            if told["state"] == "none":
                raise Refused(f"{chief.name} started anew meanwhile")
            time.sleep(POLL_SECONDS)

    def _start(self, chief: Agent) -> None:
        """Patroni's own server on what was restored, and the leader lock with it."""
        patroni = self._patronis[chief.name]
        say(f"{chief.name} starts")

        asked = -math.inf

        def leads() -> bool:
            nonlocal asked
            try:
                # Patroni says what it knew before, for a while: the agent asks the server.
                if chief.ask("GET", "/backups")["leads"]:
                    return patroni.ask("GET", "/primary")[0] == HTTPStatus.OK
                if time.monotonic() > asked + AGAIN_SECONDS:
                    asked = time.monotonic()
                    patroni.ask("POST", "/restart", {}, seconds=START_SECONDS)
            except OSError:
                pass
            return False

        until(leads, START_SECONDS, f"{chief.name} does not lead on what was restored")

    def _copy(self, chief: Agent) -> None:
        """The others have a future that is no more: they copy from the one that was restored."""
        others = [name for name in self._patronis if name != chief.name]

        def asked() -> bool:
            for name in list(others):
                try:
                    status, said = self._patronis[name].ask(
                        "POST", "/reinitialize", {"force": True, "from-leader": True}
                    )
                except OSError:
                    continue
                if status in (HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE) and "no leader" not in said:
                    others.remove(name)
            return not others

        copies = len(others)
        if copies:
            say("the other members copy from it")
            until(asked, PAUSE_SECONDS, f"not asked to copy: {', '.join(others)}")
        self._pause(False)


def until(done: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Raises Refused when it is not done in time."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise Refused(f"{otherwise} within {seconds:g} s")
        time.sleep(POLL_SECONDS)


def say(text: str) -> None:
    print(text, flush=True)


def main(*line: str) -> int:
    """0 when it was done."""
    wanted, passwords, verb, *rest = line
    cluster = Cluster(json.loads(Path(wanted).read_text())["members"], json.loads(Path(passwords).read_text()))
    cluster.reach()
    try:
        match verb:
            case "list":
                say(json.dumps(cluster.leader()[1]))
            case "take":
                say(cluster.take(rest[0]))
            case _:
                say(cluster.restore(rest[0], rest[1], overwrite=rest[2] == "overwrite"))
    except (Refused, OSError) as refused:
        print(refused, file=sys.stderr, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
