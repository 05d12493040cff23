"""Names: pure, known before anything is created."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from model import Tier
from platforms.base import Refused

PROJECT = "ha-platform"
NAME_LABEL = "app.kubernetes.io/name"
TIER_LABEL = "ha-platform/tier"
MEMBERS_LABEL = "ha-platform/members"
SHARD_LABEL = "ha-platform/shard-of"
"""On pods of a store that several words are together."""
ORIGIN_ANNOTATION = "ha-platform/origin"
NOT_SECRET_ANNOTATION = "ha-platform/not-secret"
"""On a ConfigMap: what looks like a secret in it is none."""
ALLOW_ROOT_ANNOTATION = "ha-platform/allow-root"
"""On pods that run as root because the stack file says so: policies look for it."""

CLAIM = "data"
"""The name of the volume that each member has, in its pod."""

SHARED = "shared"
"""Starts the name of a shared volume's claim, which is also the name of the volume in the pods that mount it."""

LONGEST_NAME = 50
"""63 for a label, less what Kubernetes and autonaming add (`-1234567890` for a StatefulSet's revision label)."""


_LABEL = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class Names:
    """The DNS and namespace names of one stack.

    They are fully qualified and pods look dotted names up as they are first (`ndots:1`), so that no look-up walks the
    search domains.
    """

    namespace: str
    cluster_domain: str

    @property
    def agents_namespace(self) -> str:
        """Where agents run: host paths are not allowed beside the other words."""
        return f"{self.namespace}-agents"

    def host(self, name: str) -> str:
        """One ready replica or member of the word `name`."""
        return f"{name}.{self.namespace}.svc.{self.cluster_domain}"

    def replicas_host(self, name: str) -> str:
        """Every ready replica or member of the word `name`."""
        return self.host(replicas_service(name))

    def member_host(self, name: str, ordinal: int | str) -> str:
        """One member, ready or not."""
        return self.host(f"{name}-{ordinal}")

    def agents_host(self, name: str) -> str:
        """Every agent of the word `name`, in the namespace of the agents."""
        return f"{replicas_service(name)}.{self.agents_namespace}.svc.{self.cluster_domain}"


def replicas_service(name: str) -> str:
    """The headless Service beside the Service `name`."""
    return f"{name}-replicas"


def public_service(name: str) -> str:
    """The Service that the outside reaches."""
    return f"{name}-public"


def member_claim(name: str, ordinal: int) -> str:
    """The claim of one member, as a StatefulSet derives it from its claim template."""
    return f"{CLAIM}-{name}-{ordinal}"


def default_namespace(stack: str) -> str:
    """The project's prefix and the stack's name, as a DNS label (stack names may hold `_`, `.` and capitals)."""
    return re.sub(r"[^a-z0-9-]", "-", f"{PROJECT}-{stack.lower()}")[:55].rstrip("-")


def selector(name: str) -> dict[str, str]:
    """The label that pods of the word `name` carry and nothing else does."""
    return {NAME_LABEL: name}


def labels(name: str, tier: Tier) -> dict[str, str]:
    """Every label of the objects and pods of a word."""
    return selector(name) | {
        "app.kubernetes.io/part-of": PROJECT,
        "app.kubernetes.io/managed-by": "pulumi",
        TIER_LABEL: tier.value,
    }


def refusals(name: str) -> Iterator[Refused]:
    """A word's name that its objects cannot have."""
    if not _LABEL.fullmatch(name) or len(name) > LONGEST_NAME:
        yield Refused("name", name, f"a name is a DNS label of at most {LONGEST_NAME} characters")
