"""Every fault, by name, in the order in which drills run."""

from drills.fault import Fault
from drills.faults.apps import AppReplicaKilled, BadImage, ProxyKilled, RollingUpdate
from drills.faults.brokers import BrokerMajorityLost, BrokerNodeKilled, BrokerNodeStopped
from drills.faults.caches import RedisKilled, RedisStopped
from drills.faults.databases import (
    PostgresKilled,
    ReplicaLags,
    StoreMajorityLost,
    StoreMemberKilled,
    Switchover,
    VolumeDeleted,
)
from drills.faults.hosts import (
    HostLost,
    HostLostWithMaster,
    HostLostWithPrimary,
    HostLostWithQueueLeader,
    HostLostWithSwarmLeader,
)
from drills.faults.restarts import AllRestarted

FAULTS: dict[str, type[Fault]] = {
    fault.name: fault
    for fault in (
        AppReplicaKilled,
        ProxyKilled,
        RollingUpdate,
        BadImage,
        PostgresKilled,
        Switchover,
        RedisKilled,
        RedisStopped,
        StoreMemberKilled,
        VolumeDeleted,
        AllRestarted,
        HostLost,
        HostLostWithPrimary,
        HostLostWithMaster,
        HostLostWithSwarmLeader,
        StoreMajorityLost,
        ReplicaLags,
        BrokerNodeKilled,
        BrokerNodeStopped,
        HostLostWithQueueLeader,
        BrokerMajorityLost,
    )
}
NOT_SHOWN = {
    "disk-full": "volumes of sandbox hosts have no size of their own, and a full one would be this machine's disk",
    "split": "clients are outside the hosts, and do not reach the side that is cut off",
}
"""Fault -> why no platform can show it."""
