"""Secrets: immutable, autonamed, mounted as files that only the process can read."""

import base64

import pulumi
import pulumi_docker as docker

from model import Secret, SecretRef
from platforms.swarm.names import Names


def secret(word: Secret, *, names: Names, opts: pulumi.ResourceOptions) -> SecretRef:
    """A changed value is a new secret under a new name: users roll to it, then the old one is deleted."""
    resource = docker.Secret(
        word.name,
        docker.SecretArgs(
            data=pulumi.Output.secret(word.value).apply(lambda text: base64.b64encode(text.encode()).decode()),
            labels=[docker.SecretLabelArgs(label=k, value=v) for k, v in sorted(names.labels(word.name).items())],
        ),
        opts=opts,
    )
    return SecretRef(name=word.name, object_name=resource.name, object_id=resource.id, resource=resource)


def mounted(ref: SecretRef, path: str, uid: int, gid: int) -> docker.ServiceTaskSpecContainerSpecSecretArgs:
    """The secret at `path`, readable by `uid` and `gid` alone."""
    return docker.ServiceTaskSpecContainerSpecSecretArgs(
        secret_id=ref.object_id,
        secret_name=ref.object_name,
        file_name=path,
        file_uid=str(uid),
        file_gid=str(gid),
        file_mode=0o440,
    )
