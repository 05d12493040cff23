"""The fields of a Swarm service, as pulumi-docker 5.2 has them."""

from __future__ import annotations

from sandbox.engine.providers.docker.container_fields import CONTAINER
from sandbox.engine.providers.docker.fields import (
    Field,
    Fields,
    block,
    blocks,
    duration,
    flag,
    labels,
    mapping,
    number,
    text,
    texts,
)
from sandbox.engine.providers.docker.rules import one_of, ratio

_TASK: Fields = {
    "containerSpec": block(CONTAINER, required=True),
    "resources": block(
        {
            "limits": block({"nanoCpus": number(), "memoryBytes": number()}),
            "reservation": block(
                {
                    "nanoCpus": number(),
                    "memoryBytes": number(),
                    "genericResources": block(
                        {"discreteResourcesSpecs": texts(unordered=True), "namedResourcesSpecs": texts(unordered=True)}
                    ),
                }
            ),
        },
        computed=True,
    ),
    "restartPolicy": block(
        {
            "condition": text(one_of("none", "on-failure", "any")),
            "delay": duration(),
            "maxAttempts": number(),
            "window": duration(),
        },
        computed=True,
    ),
    "placement": block(
        {
            "constraints": texts(unordered=True),
            "prefs": texts(unordered=True),
            "maxReplicas": number(),
            "platforms": blocks(
                {"architecture": text(required=True), "os": text(required=True)},
                unordered=True,
            ),
        },
        computed=True,
    ),
    "forceUpdate": number(computed=True),
    "runtime": text(one_of("container"), computed=True),
    # Attaching a service to other networks replaces it: each field of an attachment demands a new service.
    "networksAdvanceds": blocks(
        {
            "name": text(replace=True),
            "id": text(replace=True),
            "aliases": texts(unordered=True, replace=True),
            "driverOpts": texts(unordered=True, replace=True),
        },
        unordered=True,
        replace=True,
    ),
    "logDriver": block({"name": text(required=True), "options": mapping()}),
}


def _rollout(*failure_actions: str) -> Field:
    return block(
        {
            "parallelism": number(default=1),
            "delay": duration(default="0s"),
            "failureAction": text(one_of(*failure_actions), default="pause"),
            "monitor": duration(default="5s"),
            "maxFailureRatio": text(ratio, default="0.0"),
            "order": text(one_of("stop-first", "start-first"), default="stop-first"),
        }
    )


_PORT: Fields = {
    "name": text(),
    "protocol": text(one_of("tcp", "udp", "sctp"), default="tcp"),
    "targetPort": number(required=True),
    "publishedPort": number(computed=True),
    "publishMode": text(one_of("host", "ingress"), default="ingress"),
}

SERVICE: Fields = {
    "name": text(required=True, replace=True),
    "labels": labels(computed=True),
    "taskSpec": block(_TASK, required=True),
    "mode": block(
        {"replicated": block({"replicas": number(default=1)}, computed=True), "global": flag()}, computed=True
    ),
    "updateConfig": _rollout("pause", "continue", "rollback"),
    "rollbackConfig": _rollout("pause", "continue"),
    "endpointSpec": block(
        {"mode": text(one_of("vip", "dnsrr"), computed=True), "ports": blocks(_PORT)},
        computed=True,
    ),
    "convergeConfig": block({"delay": duration(default="7s"), "timeout": duration(default="3m")}),
}
