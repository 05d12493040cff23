"""What a component gives its clients: not a host name, but the settings that survive a failover."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from model import SecretRef


@dataclass(frozen=True, kw_only=True)
class ClientContract:
    """Ready settings for the clients of a database or cache.

    An application tier chooses a prefix (`DATABASE`, `REDIS`) and gets each of `settings` as the variable
    `<PREFIX>_<key>`, and each of `secrets` as a file named by `<PREFIX>_<key>_FILE` (or, if it asks for variables, as
    `<PREFIX>_<key>` through the launcher). `resources` must be healthy before a client starts.
    """

    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, SecretRef] = field(default_factory=dict)
    resources: tuple[pulumi.Resource, ...] = ()
