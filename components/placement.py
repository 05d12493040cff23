"""Where a component's members live, as a stack file says it."""

from typing import Annotated

from pydantic import AfterValidator, ValidationInfo

from settings.types import Hostname


def _one_for_each_member(hosts: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    members = info.data.get("members")
    if hosts and members is not None and len(hosts) != members:
        raise ValueError(f"name one host for each of the {members} `members`, in the order of their numbers")
    if len({host.lower() for host in hosts}) != len(hosts):
        raise ValueError("each host is named once: two members on one host are lost together")
    return hosts


KEYS = {"hosts": "hosts", "abandon_data_on": "abandon_data_on"}
"""Field of Members -> key of a store, for where its members live."""

Hosts = Annotated[tuple[Hostname, ...], AfterValidator(_one_for_each_member)]
"""The host of each member, by its number. Validated with the key `members`, which stands before it."""
