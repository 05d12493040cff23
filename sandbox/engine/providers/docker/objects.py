"""Networks, secrets, configs and volumes: what the API is asked for each, and what it answers."""

from __future__ import annotations

import base64
import time
from typing import Any

import docker

from sandbox.engine.providers.docker import labels
from sandbox.engine.values import Properties, Secret, plain, secret

# Swarm allocates the subnet of an overlay network after the call returned.
_ALLOCATION_SECONDS = 30.0
_POLL_SECONDS = 0.3


def create_network(client: docker.APIClient, given: dict[str, Any]) -> str:
    pools = [
        {
            name: pool[key]
            for key, name in (
                ("subnet", "Subnet"),
                ("gateway", "Gateway"),
                ("ipRange", "IPRange"),
                ("auxAddress", "AuxiliaryAddresses"),
            )
            if pool.get(key)
        }
        for pool in given.get("ipamConfigs") or []
    ]
    ipam: dict[str, Any] = {"Driver": given["ipamDriver"], "Config": pools}
    if given.get("ipamOptions"):
        ipam["Options"] = given["ipamOptions"]
    answer = client.create_network(
        given["name"],
        driver=given.get("driver"),
        options=given.get("options"),
        ipam=ipam,
        internal=bool(given.get("internal")),
        labels=labels.to_api(given.get("labels")),
        enable_ipv6=bool(given.get("ipv6")),
        attachable=given.get("attachable"),
        ingress=given.get("ingress"),
        check_duplicate=True,
    )
    return str(answer["Id"])


def network(client: docker.APIClient, id: str, inputs: Properties) -> Properties:  # noqa: ARG001
    end = time.monotonic() + _ALLOCATION_SECONDS
    found = client.inspect_network(id)
    while found["Scope"] == "swarm" and not _allocated(found) and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)
        found = client.inspect_network(id)
    return {
        "__meta": '{"schema_version":"1"}',
        "name": found["Name"],
        "labels": labels.from_api(found.get("Labels")),
        "driver": found["Driver"],
        "internal": found["Internal"],
        "attachable": found["Attachable"],
        "ingress": found["Ingress"],
        "ipv6": found["EnableIPv6"],
        "ipamDriver": found["IPAM"]["Driver"],
        "ipamOptions": found["IPAM"].get("Options"),
        "scope": found["Scope"],
        "options": found.get("Options") or {},
        "ipamConfigs": [
            {
                "auxAddress": pool.get("AuxiliaryAddresses") or {},
                "gateway": pool.get("Gateway", ""),
                "ipRange": pool.get("IPRange", ""),
                "subnet": pool.get("Subnet", ""),
            }
            for pool in found["IPAM"].get("Config") or []
        ],
    }


def _allocated(found: dict[str, Any]) -> bool:
    return bool(found["Driver"] and found["IPAM"].get("Config") and found.get("Options"))


def create_secret(client: docker.APIClient, given: dict[str, Any]) -> str:
    answer = client.create_secret(given["name"], base64.b64decode(given["data"]), labels.to_api(given.get("labels")))
    return str(answer["ID"])


def docker_secret(client: docker.APIClient, id: str, inputs: Properties) -> Properties:
    found = client.inspect_secret(id)
    # The API never tells a secret's data.
    return {
        "__meta": '{"schema_version":"1"}',
        "name": found["Spec"]["Name"],
        "labels": labels.from_api(found["Spec"].get("Labels")),
        "data": secret(inputs.get("data")),
    }


def create_config(client: docker.APIClient, given: dict[str, Any]) -> str:
    data = base64.b64decode(given["data"]) if given.get("data") is not None else given["dataRaw"].encode()
    answer = client.create_config(given["name"], data, labels.to_api(given.get("labels")))
    return str(answer["ID"])


def config(client: docker.APIClient, id: str, inputs: Properties) -> Properties:
    found = client.inspect_config(id)
    raw = plain(inputs.get("dataRaw")) is not None
    key = "dataRaw" if raw else "data"
    data = base64.b64decode(found["Spec"]["Data"]).decode() if raw else found["Spec"]["Data"]
    return {
        "name": found["Spec"]["Name"],
        "labels": labels.from_api(found["Spec"].get("Labels")),
        "data": None,
        "dataRaw": None,
        key: secret(data) if isinstance(inputs.get(key), Secret) else data,
    }


def create_volume(client: docker.APIClient, given: dict[str, Any]) -> str:
    answer = client.create_volume(
        given["name"], given.get("driver"), given.get("driverOpts"), labels.to_api(given.get("labels"))
    )
    return str(answer["Name"])


def volume(client: docker.APIClient, id: str, inputs: Properties) -> Properties:  # noqa: ARG001
    found = client.inspect_volume(id)
    return {
        "__meta": '{"schema_version":"1"}',
        "name": found["Name"],
        "driver": found["Driver"],
        "driverOpts": found.get("Options"),
        "labels": labels.from_api(found.get("Labels")),
        "mountpoint": found["Mountpoint"],
        "cluster": None,
    }
