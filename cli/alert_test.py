"""One alert through the stack's own Alertmanager, to see who hears of it."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, get_args

import yaml

from cli.errors import CommandError
from cli.operations import Operations, Resources
from cli.outputs import stack_outputs
from cli.progress import say
from cli.stack_file import StackFile
from cli.web import Opener, ask
from components.monitoring_stack.alertmanager import NAME as WORD
from components.monitoring_stack.alertmanager import PORT
from components.monitoring_stack.alertmanager_config import DEAD_MAN, NOBODY, receiver_kind
from components.observability import Severity
from settings.types import whole_seconds

NAME = "AlertTest"
SEVERITIES = get_args(Severity)
_HOLDS_SECONDS = 600
"""After so long the alert ends, also when nobody ended it."""
_POLL_SECONDS = 0.5
_SAMPLE = re.compile(r'^alertmanager_(notification\w+_total)\{.*?integration="(\w+)".*?\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True)
class Counted:
    """What Alertmanager counts of one way of telling: messages, attempts to send one, and which of each failed."""

    messages: float = 0
    failed: float = 0
    attempts: float = 0
    refused: float = 0

    def since(self, before: "Counted") -> "Counted":
        """What was added."""
        return Counted(
            self.messages - before.messages,
            self.failed - before.failed,
            self.attempts - before.attempts,
            self.refused - before.refused,
        )


class Times(NamedTuple):
    """Seconds that the first message of a group waits, and the next one, and between two pings of a dead-man."""

    first: int
    then: int
    ping: int | None


class Alertmanager:
    """Its interface, version 2."""

    def __init__(self, opened: Opener) -> None:
        self._opened = opened

    def tell(self, labels: Mapping[str, str], said: str, ends: datetime) -> None:
        """Begin the alert, or end it."""
        alert = {"labels": labels, "annotations": {"summary": said}, "endsAt": ends.isoformat()}
        ask(self._opened, "Alertmanager", "/api/v2/alerts", [alert])

    def alert(self) -> dict[str, Any] | None:
        """The test, as Alertmanager has it: its state and its receivers."""
        found: list[dict[str, Any]] = self._read(f"/api/v2/alerts?filter=alertname%3D%22{NAME}%22")
        return found[0] if found else None

    def times(self) -> "Times":
        """As it is configured."""
        route = yaml.safe_load(self._read("/api/v2/status")["config"]["original"])["route"]
        ping = next((one for one in route.get("routes") or [] if one["receiver"] == DEAD_MAN), None)
        first, then = (whole_seconds(route[key]) for key in ("group_wait", "group_interval"))
        return Times(first, then, whole_seconds(ping["group_interval"]) if ping else None)

    def counted(self) -> dict[str, Counted]:
        """By integration: `webhook`."""
        found: dict[str, dict[str, float]] = {}
        for name, integration, value in _SAMPLE.findall(ask(self._opened, "Alertmanager", "/metrics")):
            sums = found.setdefault(integration, {})
            sums[name] = sums.get(name, 0) + float(value)
        return {
            integration: Counted(
                sums.get("notifications_total", 0),
                sums.get("notifications_failed_total", 0),
                sums.get("notification_requests_total", 0),
                sums.get("notification_requests_failed_total", 0),
            )
            for integration, sums in found.items()
        }

    def _read(self, path: str) -> Any:
        return json.loads(ask(self._opened, "Alertmanager", path))


def alert_test(on: Operations, resources: Resources, stack: StackFile, severity: str, component: str) -> bool:
    """Sends one alert of a severity and a component, says who hears of it, and ends it. Whether all did."""
    if severity not in SEVERITIES:
        raise CommandError(f"SEVERITY={severity} is none; use {', '.join(SEVERITIES)}.")
    published = stack_outputs(resources).get("monitoring", {}).get(WORD)
    workload = next((one for one in on.workloads(resources) if one.word == WORD), None)
    if published is None or workload is None:
        raise CommandError(f"stack {stack.name} has no monitoring, so nobody hears of an alert.")
    labels = {"severity": severity, "component": component, "stack": stack.name}
    return sent(Alertmanager(on.opener(resources, workload, PORT, int(published))), labels)


def sent(to: Alertmanager, labels: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> bool:
    """The same, of an Alertmanager that is reached."""
    labels = {"alertname": NAME, **labels}
    times, before = to.times(), to.counted()
    began = time.monotonic()
    ends = _now() + timedelta(seconds=_HOLDS_SECONDS)
    to.tell(labels, "this is a test of who hears of alerts; nothing is wrong", ends)
    try:
        receivers = _routed(to, sleep)
        say(f"alert-test: it is {labels['severity']}, of {labels['component']}: {', '.join(map(_named, receivers))}")
        say(f"alert-test: waiting {times.first} s for others, as any alert does")
        return _delivered(to, before, receivers, began, times, sleep)
    finally:
        to.tell(labels, "the test is over", _now())
        say("alert-test: the alert is ended, and its receivers are told so")


def _routed(to: Alertmanager, sleep: Callable[[float], None]) -> list[str]:
    """Raises CommandError where nobody hears of it."""
    for _ in range(20):
        if alert := to.alert():
            break
        sleep(_POLL_SECONDS)
    else:
        raise CommandError("Alertmanager took the alert and does not show it; its log says why.")
    status = alert["status"]
    if status["state"] == "suppressed":
        by = [*status.get("silencedBy", ()), *status.get("inhibitedBy", ())]
        raise CommandError(
            f"Alertmanager keeps the alert from everybody: a silence or another alert ({', '.join(by)})."
        )
    names = [one["name"] for one in alert["receivers"] if one["name"] != NOBODY]
    if not names:
        raise CommandError("no receiver gets it: each one's `match` leaves it out. Try another SEVERITY or COMPONENT.")
    return names


def _delivered(
    to: Alertmanager,
    before: Mapping[str, Counted],
    receivers: Sequence[str],
    began: float,
    times: Times,
    sleep: Callable[[float], None],
) -> bool:
    """Waits for the counters of each integration that the receivers have, and says what they show."""
    wanted: dict[str, int] = {}
    for name in receivers:
        wanted[receiver_kind(name)] = wanted.get(receiver_kind(name), 0) + 1
    seconds = times.first + times.then + (times.ping or 0) + 30
    left, well = dict(wanted), True
    last: dict[str, Counted] = {}
    while left and (after := time.monotonic() - began) < seconds:
        now = to.counted()
        for kind in [*left]:
            last[kind] = now.get(kind, Counted()).since(before.get(kind, Counted()))
            # As many pings may be among the messages of webhooks.
            pings = int(after // times.ping) + 1 if times.ping and kind == "webhook" else 0
            told = _told(last[kind], wanted[kind] + pings)
            if told is not None:
                del left[kind]
                well = well and told
                say(f"alert-test: {_those(kind, receivers)}: {'delivered' if told else 'FAILED'} after {after:.0f} s")
        if left:
            sleep(_POLL_SECONDS)
    for kind in left:
        tried = f"{last[kind].refused:.0f} attempts failed" if last[kind].refused else "nothing was sent"
        say(f"alert-test: {_those(kind, receivers)}: NOT delivered within {seconds} s ({tried})")
    if left or not well:
        say("alert-test: Alertmanager's log says what was answered")
    return well and not left


def _told(counted: Counted, wanted: int) -> bool | None:
    """Whether so many messages arrived, or one has failed for good; None: not yet."""
    if counted.failed > 0:
        return False
    return True if counted.messages >= wanted and counted.attempts - counted.refused >= wanted else None


def _those(kind: str, receivers: Sequence[str]) -> str:
    return ", ".join(_named(name) for name in receivers if receiver_kind(name) == kind)


def _named(receiver: str) -> str:
    """As the stack file has it."""
    index, _, kind = receiver.partition("-")
    return f"receivers[{index}] ({kind})"


def _now() -> datetime:
    return datetime.now(UTC)
