"""Where something answers, the same on every platform."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """What others need to reach a workload: plain host names, known before anything is created.

    `replicas_host` resolves to the address of every ready replica (or member); `host` is the name for clients that
    want one of them. `member_hosts` names each member (empty for interchangeable replicas). `resources` are what a
    dependent waits for.
    """

    host: str
    replicas_host: str
    member_hosts: tuple[str, ...] = ()
    resources: tuple[pulumi.Resource, ...] = ()
