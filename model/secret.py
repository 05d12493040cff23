"""A secret value, and a reference to it. A value never reaches an environment variable or an argument."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Secret:
    """One secret for one purpose, to be mounted as a file.

    `name` is unique in the stack (DNS label). `value` is the file's content, as UTF-8 text; it may be composed from
    generated passwords (a URL, a configuration fragment).
    """

    name: str
    value: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class SecretRef:
    """A secret that exists on the platform. `object_name` changes whenever the value does, so that users roll."""

    name: str
    object_name: pulumi.Output[str]
    object_id: pulumi.Output[str]
    resource: pulumi.Resource
