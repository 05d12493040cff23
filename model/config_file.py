"""A configuration file without secrets."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """Plain text that containers mount as a file. `name` is unique in the stack (DNS label).

    `not_secret`: somebody said that what looks like a secret in it is none. Policies read it.
    """

    name: str
    text: str
    not_secret: bool = False


@dataclass(frozen=True, kw_only=True)
class ConfigRef:
    """A configuration file that exists on the platform. `object_name` changes whenever the text does."""

    name: str
    object_name: pulumi.Output[str]
    object_id: pulumi.Output[str]
    resource: pulumi.Resource
