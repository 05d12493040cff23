"""Configuration files: immutable, autonamed, readable by everybody in the container."""

import pulumi
import pulumi_docker as docker

from model import ConfigFile, ConfigRef
from platforms.swarm.names import NOT_SECRET_LABEL, Names


def config_file(word: ConfigFile, *, names: Names, opts: pulumi.ResourceOptions) -> ConfigRef:
    """A changed text is a new config under a new name: users roll to it, then the old one is deleted."""
    labels = names.labels(word.name, {NOT_SECRET_LABEL: "true"} if word.not_secret else None)
    resource = docker.ServiceConfig(
        word.name,
        docker.ServiceConfigArgs(
            data_raw=word.text,  # not in base64: a preview shows the lines that change
            labels=[docker.ServiceConfigLabelArgs(label=k, value=v) for k, v in sorted(labels.items())],
        ),
        opts=opts,
    )
    return ConfigRef(name=word.name, object_name=resource.name, object_id=resource.id, resource=resource)


def mounted(ref: ConfigRef, path: str) -> docker.ServiceTaskSpecContainerSpecConfigArgs:
    """The file at `path`, readable by everybody in the container."""
    return docker.ServiceTaskSpecContainerSpecConfigArgs(
        config_id=ref.object_id,
        config_name=ref.object_name,
        file_name=path,
        file_uid="0",
        file_gid="0",
        file_mode=0o444,
    )
