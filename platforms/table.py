"""The one place that knows which platforms exist."""

from collections.abc import Sequence
from typing import Annotated, Literal

import pulumi
from pydantic import Field

from platforms.base import Login, Platform
from platforms.kubernetes.settings import KubernetesSettings
from platforms.swarm.settings import SwarmSettings

PlatformSettings = Annotated[SwarmSettings | KubernetesSettings, Field(discriminator="kind")]
"""The settings of any platform. An unknown `kind` is refused with the list of those that exist."""


def make_platform(
    settings: SwarmSettings | KubernetesSettings,
    *,
    stack: str,
    data: Literal["keep", "delete"],
    logins: Sequence[Login] = (),
    within: pulumi.Resource | None = None,
    prefix: str = "",
    ask_hosts: bool = False,
) -> Platform:
    """The platform that `settings` are for.

    `stack` prefixes names, `data` says what happens to volumes when the stack is removed, and nodes pull images with
    `logins`. In another program, what components share is `within` a resource of it, under names with `prefix`, and
    goes through that resource's provider if it has one. With `ask_hosts` the program may depend on what runs: only for
    a deployment. Only the chosen platform's provider is imported: the other one would double the memory and the time of
    a preview.
    """
    match settings:
        case SwarmSettings():
            from platforms.swarm.platform import SwarmPlatform

            return SwarmPlatform(
                settings,
                stack=stack,
                data=data,
                logins=logins,
                within=within,
                prefix=prefix,
                ask_hosts=ask_hosts,
            )
        case KubernetesSettings():
            from platforms.kubernetes.platform import KubernetesPlatform

            return KubernetesPlatform(
                settings,
                stack=stack,
                data=data,
                logins=logins,
                within=within,
                prefix=prefix,
                ask_hosts=ask_hosts,
            )
