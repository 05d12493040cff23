"""RabbitMQ: a message that was confirmed is in the queue afterwards, whatever happened to its leader."""

import time
from typing import ClassVar

from drills import brokers
from drills.fault import Fault
from drills.waiting import wait_for

COMPONENT = "brokers.tasks"
HELD_SECONDS = 15
STOPPED_SECONDS, CLOSED_SECONDS = 150, 60
"""A node that is asked to stop waits for queues that would lose their majority, and then gives up (50 s)."""


class _OfLeader(Fault):
    measures = "broker"

    def well(self) -> bool:
        brokers.require_well(self.site)
        return True

    def aim(self) -> None:
        self.ordinal = brokers.leader(self.site)
        self.replica = self.site.member(brokers.WORD, self.ordinal)
        self.hit = self.site.containers_of(self.replica)

    def old_member(self) -> str:
        return f"{brokers.WORD}-{self.ordinal}: has its copy again"


class BrokerNodeKilled(_OfLeader):
    name = "broker-node-killed"
    does = "the node that leads the queue is killed"
    healed_by = "the others elect; the orchestrator starts it again"
    promise = (COMPONENT, "node killed")

    def inject(self) -> None:
        self.site.kill(self.replica)


class BrokerNodeStopped(_OfLeader):
    name = "broker-node-stopped"
    does = "the node that leads the queue is asked to stop, as an update does it"
    healed_by = "it hands its queues over first; the orchestrator starts it again"
    promise = (COMPONENT, "node stopped")

    def inject(self) -> None:
        self.site.stop(self.replica)


class BrokerMajorityLost(_OfLeader):
    """What the last one has it keeps to itself: it closes its port."""

    name = "broker-majority-lost"
    does = f"two of three nodes are stopped, and stay so for {HELD_SECONDS} s"
    healed_by = "they are started again"
    seconds: ClassVar[float] = 420

    def aim(self) -> None:
        for ordinal in (1, 2):
            self.hit |= self.site.containers_of(self.site.member(brokers.WORD, ordinal))

    def inject(self) -> None:
        self.site.hold_down(brokers.WORD, 2)
        wait_for("they are stopped", lambda: len(self.site.members(brokers.WORD)) == 1, seconds=STOPPED_SECONDS)
        wait_for(
            "the last one closes its port", lambda: not brokers.takes_messages(self.site, 0), seconds=CLOSED_SECONDS
        )
        time.sleep(HELD_SECONDS)  # it is the fault

    def heal(self) -> None:
        self.site.hold_down(brokers.WORD, 0)

    def old_member(self) -> str:
        return f"{brokers.WORD}-0: closed its port"
