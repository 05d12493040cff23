"""The fields of networks, secrets, configs and volumes, as pulumi-docker 5.2 has them; a change of any replaces."""

from __future__ import annotations

from sandbox.engine.providers.docker.fields import Fields, blocks, flag, labels, mapping, text
from sandbox.engine.providers.docker.rules import base64_text

NETWORK: Fields = {
    "name": text(required=True, replace=True),
    "labels": labels(replace=True),
    "driver": text(replace=True, computed=True),
    "options": mapping(replace=True, computed=True),
    "internal": flag(replace=True, computed=True),
    "attachable": flag(replace=True),
    "ingress": flag(replace=True),
    "ipv6": flag(replace=True),
    "ipamDriver": text(replace=True, default="default"),
    "ipamOptions": mapping(replace=True),
    "ipamConfigs": blocks(
        {
            "subnet": text(replace=True),
            "ipRange": text(replace=True),
            "gateway": text(replace=True),
            "auxAddress": mapping(replace=True),
        },
        unordered=True,
        computed=True,
        replace=True,
    ),
}

SECRET: Fields = {
    "name": text(required=True, replace=True),
    "data": text(base64_text, required=True, replace=True),
    "labels": labels(replace=True),
}

CONFIG: Fields = {
    "name": text(required=True, replace=True),
    "data": text(base64_text, replace=True),
    "dataRaw": text(replace=True),
    "labels": labels(replace=True),
}

VOLUME: Fields = {
    "name": text(required=True, replace=True),
    "labels": labels(replace=True),
    "driver": text(replace=True, computed=True),
    "driverOpts": mapping(replace=True),
}
