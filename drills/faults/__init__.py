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
from drills.faults.disks import DiskFull
from drills.faults.hosts import (
    HostLost,
    HostLostWithMaster,
    HostLostWithPrimary,
    HostLostWithQueueLeader,
    HostLostWithSwarmLeader,
)
from drills.faults.restarts import AllRestarted
from drills.faults.splits import Split, SplitWithMaster

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
        Split,
        SplitWithMaster,
        StoreMajorityLost,
        ReplicaLags,
        DiskFull,
        BrokerNodeKilled,
        BrokerNodeStopped,
        HostLostWithQueueLeader,
        BrokerMajorityLost,
    )
}
