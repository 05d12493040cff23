"""Logins at registries, as the kubelet reads them."""

import json
from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from platforms.base import Login

_TYPE = "kubernetes.io/dockerconfigjson"
_KEY = ".dockerconfigjson"
_DOCKER_HUB = {"docker.io": "https://index.docker.io/v1/"}
"""Docker Hub's logins have always stood under this address."""


def pull_secret(
    resource_name: str, logins: Sequence[Login], *, namespace: str, opts: pulumi.ResourceOptions
) -> core.Secret:
    """An immutable Secret. Its name is left to Pulumi: a new password is a new object, which the service accounts name
    from then on, and no pod is restarted for it."""
    return core.Secret(
        resource_name,
        metadata=ObjectMetaArgs(namespace=namespace),
        type=_TYPE,
        string_data={_KEY: _configuration(logins)},
        immutable=True,
        opts=opts,
    )


def _configuration(logins: Sequence[Login]) -> pulumi.Output[str]:
    """Secret, as the passwords are."""

    def text(passwords: Sequence[str]) -> str:
        auths = {
            _DOCKER_HUB.get(login.host, login.host): {"username": login.username, "password": password}
            for login, password in zip(logins, passwords, strict=True)
        }
        return json.dumps({"auths": auths})

    return pulumi.Output.all(*(login.password for login in logins)).apply(text)
