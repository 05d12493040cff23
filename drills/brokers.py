"""The live stack's broker, asked from inside its nodes."""

import re

from drills.site import Site
from drills.stack import MEMBERS

WORD, QUEUE = "tasks-rabbitmq", "numbered"
_ASKED = (
    f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"app">>, queue, <<"{QUEUE}">>)), '
    "[{_, L}, {_, O}] = rabbit_amqqueue:info(Q, [leader, online]), {L, O}."
)
"""Answers with the node that leads, and those that have a copy. (`list_queues` asks every node by itself; in a pod it
ended with 70 after its first row.)"""
_COMMAND = f"PATH=\"$HA_PROGRAMS:$PATH\" rabbitmqctl --quiet eval '{_ASKED}'"
_NODE = re.compile(rf"{WORD}-(\d)")


def leader(site: Site) -> int:
    """The ordinal of the node that leads the queue."""
    said = _queue(site)
    if not (found := _NODE.search(said.partition("[")[0])):
        raise LookupError(f"nobody leads the queue: {said}")
    return int(found[1])


def require_well(site: Site) -> None:
    """Every node is ready, and the queue has a copy on each; a LookupError otherwise. Nodes are asked last: that starts
    Erlang, for a second of a processor."""
    if (ready := len(site.ready_members(WORD))) != MEMBERS:
        raise LookupError(f"{WORD}: {ready} ready")
    said = _queue(site)
    if len(set(_NODE.findall(said.partition("[")[2]))) != MEMBERS:
        raise LookupError(f"the queue: {said}")


def takes_messages(site: Site, ordinal: int) -> bool:
    """Whether a node's port is open: it closes it without a majority. A Swarm does not look at that again once a member
    was ready."""
    check = "sh /etc/ha-rabbitmq/ready.sh >/dev/null 2>&1 && echo open || echo closed"
    return site.run_in(site.member(WORD, ordinal), ["sh", "-c", check]).strip() == "open"


def _queue(site: Site) -> str:
    """What one node that is ready says of the queue: `{'<leader>',['<node>',...]}`."""
    for member in site.ready_members(WORD):
        return site.run_in(site.member(WORD, int(member[-1])), ["sh", "-c", _COMMAND])
    raise LookupError("no node of the broker is ready")
