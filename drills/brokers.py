"""The live stack's broker, asked from inside its nodes."""

import json
import re
from typing import Any

from drills.site import Site
from drills.stack import MEMBERS

WORD, QUEUE = "tasks-rabbitmq", "numbered"
_COMMAND = 'PATH="$HA_PROGRAMS:$PATH" rabbitmqctl --quiet --formatter=json list_queues --vhost app name leader online'
_NODE = re.compile(rf"{WORD}-(\d)")


def leader(site: Site) -> int:
    """The ordinal of the node that leads the queue."""
    said = _queue(site)
    if not (found := _NODE.search(said["leader"] or "")):
        raise LookupError(f"nobody leads the queue: {said}")
    return int(found[1])


def require_well(site: Site) -> None:
    """Every node is ready, and the queue has a copy on each; a LookupError otherwise. Nodes are asked last: that starts
    Erlang, for a second of a processor."""
    if (ready := len(site.ready_members(WORD))) != MEMBERS:
        raise LookupError(f"{WORD}: {ready} ready")
    said = _queue(site)
    if len(said["online"]) != MEMBERS:
        raise LookupError(f"the queue: {said}")


def takes_messages(site: Site, ordinal: int) -> bool:
    """Whether a node's port is open: it closes it without a majority. A Swarm does not look at that again once a member
    was ready."""
    check = "sh /etc/ha-rabbitmq/ready.sh >/dev/null 2>&1 && echo open || echo closed"
    return site.run_in(site.member(WORD, ordinal), ["sh", "-c", check]).strip() == "open"


def _queue(site: Site) -> dict[str, Any]:
    """What one node that is ready says of the queue."""
    for member in site.ready_members(WORD):
        said = site.run_in(site.member(WORD, int(member[-1])), ["sh", "-c", _COMMAND])
        for one in json.loads(said):
            if one["name"] == QUEUE:
                found: dict[str, Any] = one
                return found
    raise LookupError("no node of the broker is ready, or none has the queue")
