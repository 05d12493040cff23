"""The servers of a cluster as a job sees them, and what it has their superuser do (`orders.py`)."""

import http
import json
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .sql import ANSWER_SECONDS, NotYet, Server, quoted
from .switchover import Patroni

ASK_SECONDS = 15
"""Before the primary is asked again to look for orders: it may have been another one that was asked."""


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

    def rest(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, seconds: float = ANSWER_SECONDS
    ) -> Answer:
        """Any status is an answer. Raises NotYet if there is none."""
        own = Patroni(f"{self.host}:8008", self.passwords["rest_api"])
        try:
            return Answer(*own.ask(method, path, body, seconds=seconds))
        except OSError as error:
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


def members_of(wanted: Mapping[str, Any], passwords: dict[str, str]) -> dict[str, Member]:
    """By name, as a job is told them."""
    return {name: Member(name, host, wanted["psql"], passwords) for name, host in wanted["members"].items()}


def leader_of(members: Mapping[str, Member]) -> Member:
    """The primary. Raises NotYet."""
    reasons = []
    for member in members.values():
        try:
            if member.rest("GET", "/primary").status == http.HTTPStatus.OK:
                return member
        except NotYet as reason:
            reasons.append(str(reason))
    raise NotYet("; ".join(["no member is the primary", *reasons]))


class Orders:
    """One order at a time."""

    def __init__(self) -> None:
        self._order: str | None = None
        self._asked = -math.inf

    @property
    def placed(self) -> bool:
        """Whether there is one whose outcome was not told yet."""
        return self._order is not None

    def carried_out(self, leader: Member, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """What came of an order, which is placed if it was not yet. Raises NotYet."""
        if self._order is None:
            order = secrets.token_hex(16)
            values = f"{quoted(order)}, {quoted(json.dumps(wanted))}"
            if refused := leader.refused(f"INSERT INTO ha_platform.orders (id, wanted) VALUES ({values})"):
                self.ask(leader)
                raise NotYet(f"{leader.name} takes no order: {refused}")
            self._order, self._asked = order, -math.inf
        outcomes = leader.query(f"SELECT outcome, id FROM ha_platform.orders WHERE id = {quoted(self._order)}")
        if not outcomes:  # what one primary took the next has not, after some failovers
            self._order = None
            raise NotYet(f"{leader.name} has lost an order")
        [(outcome, _)] = outcomes
        if not outcome:
            self.ask(leader)
            raise NotYet(f"{leader.name} has not carried out an order: see its log")
        self._order = None
        said: dict[str, Any] = json.loads(outcome)
        return said

    def ask(self, leader: Member) -> None:
        """Patroni reloads, and so calls what looks for orders, and lets a job in where it could not log in."""
        if time.monotonic() > self._asked + ASK_SECONDS:
            leader.rest("POST", "/reload")
            self._asked = time.monotonic()
