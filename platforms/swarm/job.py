"""A job as a gate: a service of one task that runs the command and then stays, healthy once the command succeeded.

A finished one-shot task never converges, so nothing could wait for it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pulumi_docker as docker

from model import Job
from platforms import mounts, process
from platforms.base import Refused
from platforms.durations import go_duration
from platforms.swarm import account, priority
from platforms.swarm.container import Task, task_spec
from platforms.swarm.entry import endpoint_spec
from platforms.swarm.names import JOB_LABEL, ORIGIN_LABEL, Names, service_labels
from platforms.swarm.rollout import Steps, converge_config, update_config
from platforms.swarm.settings import SwarmSettings

_DONE = "/tmp/.ha-platform-done"
_CHECK_SECONDS = 5
_PATIENCE = 12
"""Checks that may fail in a row: a gate whose job is done is not killed because its host is busy."""
_IGNORED_SIGNALS = ("SIGINT", "SIGQUIT")
_GATE = (
    'stop() {{ kill -s {signal} "$!" 2>/dev/null; wait "$!"; exit 143; }}; '
    "trap stop {signal}; tries={tries}; "
    'while :; do "$@" & code=0; wait "$!" || code=$?; '
    '[ "$code" = 0 ] && break; tries=$((tries - 1)); '
    'echo "the job ended with $code, $tries tries left" >&2; '
    '[ "$tries" -gt 0 ] || exit "$code"; sleep 2; done; '
    "trap 'kill \"$!\" 2>/dev/null; exit 143' {signal}; : > {done}; "
    'while :; do sleep 3600 >/dev/null 2>&1 & wait "$!"; done'
)
"""Once the job is done nobody waits for the sleep: a signal that reaches a child between its fork and its program is
lost, and the gate would hold its host until it is killed."""


def refusals(word: Job) -> Iterator[Refused]:
    """Fields that cannot be honoured."""
    yield from process.job_refusals(word)
    yield from account.refusals(word.account_annotations)
    yield from priority.refusals(word.priority)
    yield from mounts.refusals(word.container)
    if word.container.stop.signal in _IGNORED_SIGNALS:
        yield Refused(
            "container.stop.signal",
            word.container.stop.signal,
            "a shell starts the command with this signal ignored; use SIGTERM",
        )


def gate(
    word: Job,
    *,
    names: Names,
    settings: SwarmSettings,
    networks: Sequence[docker.ServiceTaskSpecNetworksAdvancedArgs],
) -> docker.ServiceArgs:
    """The gate. A changed container is a new task, so the command runs again; a failing one fails the update."""
    signal = word.container.stop.signal.removeprefix("SIG")
    script = _GATE.format(signal=signal, tries=word.retries + 1, done=_DONE)
    gated = replace(word.container, command=("sh", "-c", script, "gate", *word.container.command))
    return docker.ServiceArgs(
        name=names.service(word.name),
        labels=service_labels(names.labels(word.name, {ORIGIN_LABEL: str(word.origin), JOB_LABEL: "true"})),
        mode=docker.ServiceModeArgs(replicated=docker.ServiceModeReplicatedArgs(replicas=1)),
        task_spec=task_spec(
            Task(
                container=gated,
                labels=names.labels(word.name),
                healthcheck=docker.ServiceTaskSpecContainerSpecHealthcheckArgs(
                    tests=["CMD", "test", "-e", _DONE],
                    interval=go_duration(_CHECK_SECONDS),
                    timeout=go_duration(3 * _CHECK_SECONDS),
                    start_period=go_duration(word.deadline_seconds),
                    retries=_PATIENCE,
                ),
            ),
            settings,
            networks=networks,
            # The gate comes back when its host is lost. After a failure it is tried once more at most.
            restart_policy=docker.ServiceTaskSpecRestartPolicyArgs(
                condition="on-failure", delay="5s", max_attempts=1, window=go_duration(2 * word.deadline_seconds)
            ),
        ),
        endpoint_spec=endpoint_spec(),
        update_config=update_config(Steps(monitor_seconds=1), failure_action="pause"),
        converge_config=converge_config(word.deadline_seconds),
    )
