"""RabbitMQ: a message that was confirmed is in the queue afterwards, whatever happened to its leader."""

import time
from typing import ClassVar

from drills import brokers
from drills.errors import DrillError
from drills.fault import Fault

COMPONENT = "brokers.tasks"
HELD_SECONDS = 30


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
    does = f"two of three nodes are stopped for {HELD_SECONDS} s"
    healed_by = "they are started again"
    seconds: ClassVar[float] = 420

    def aim(self) -> None:
        for ordinal in (1, 2):
            self.hit |= self.site.containers_of(self.site.member(brokers.WORD, ordinal))

    def inject(self) -> None:
        self.site.hold_down(brokers.WORD, 2)
        time.sleep(HELD_SECONDS)  # it is the fault
        if ready := self.site.ready_members(brokers.WORD):
            raise DrillError(f"a minority takes messages: {', '.join(ready)}")

    def heal(self) -> None:
        self.site.hold_down(brokers.WORD, 0)

    def old_member(self) -> str:
        return f"{brokers.WORD}-0: closed its port"
