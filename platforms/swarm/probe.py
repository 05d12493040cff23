"""Probes as the one health check that a Swarm task has.

Until the ready check has passed once, it is the health check: the task counts as running, and is found by name, from
then on. Afterwards the live check takes its place, for Swarm kills what is unhealthy. A marker in the container's own
/tmp, empty at every start, tells the two apart.
"""

import shlex
from collections.abc import Sequence

import pulumi_docker as docker

from model import Container, ExecCheck, HttpCheck, HttpTool, Probe, Probes, TcpCheck
from platforms.durations import go_duration
from platforms.launcher import launched

_MARKER = "/tmp/.ha-platform-ready"
_LOOKUP_SECONDS = 2
_BUSY_SECONDS = 10
"""What the start of a process in a container may take on a busy host (seen: over 2 s at a load of 45 on two cores). A
check's own limit is kept inside the container, so that nothing is killed because its host is busy; only a command that
is run without a shell may take that much longer."""
_PYTHON_GET = (
    "import http.client,sys;c=http.client.HTTPConnection('127.0.0.1',{port},timeout={timeout});"
    "c.request('GET',{path!r});sys.exit(not 200<=c.getresponse().status<400)"
)


def healthcheck(
    probes: Probes, container: Container, peers: Sequence[str] = ()
) -> docker.ServiceTaskSpecContainerSpecHealthcheckArgs:
    """The health check of `container`: its first pass means ready, its failure dead.

    A start may take `start_seconds`; a running task is killed after the time
    that the failures of `live` take. The interval of `live` is used for both: every check starts a process in the
    container (60 to 100 ms of CPU in the sandbox), and it is `live` that goes on for as long as the task runs.

    `peers` are the names of the other members. No name resolves before its task is ready, so members that need each
    other to become ready would wait for ever after a power failure: one that sees none of its peers is ready at once.
    """
    interval, retries = probes.live.interval_seconds, probes.live.failures
    timeout = max(probes.ready.timeout_seconds, probes.live.timeout_seconds) + _BUSY_SECONDS
    return docker.ServiceTaskSpecContainerSpecHealthcheckArgs(
        tests=_tests(launched(probes, container), container.image.http_tool, peers),
        interval=go_duration(interval),
        timeout=go_duration(timeout + len(peers) * _LOOKUP_SECONDS),
        start_period=go_duration(max(1, start_limit_seconds(probes) - retries * interval)),
        retries=retries,
    )


def start_limit_seconds(probes: Probes) -> int:
    """How long a start may take before the task is killed."""
    return probes.start_seconds


def _tests(probes: Probes, tool: HttpTool, peers: Sequence[str]) -> list[str]:
    ready, live = probes.ready, probes.live
    if not peers and (ready.check, ready.timeout_seconds) == (live.check, live.timeout_seconds):
        return ["CMD", *_argv(live, tool)]  # works without a shell in the image
    is_ready = _limited(ready, tool)
    if peers:
        lookups = " || ".join(f"getent ahostsv4 {peer}" for peer in peers)
        is_ready = f"{{ {is_ready} || {{ command -v getent && ! {{ {lookups}; }}; }} >/dev/null 2>&1; }}"
    return ["CMD-SHELL", f"if [ -e {_MARKER} ]; then {_limited(live, tool)}; else {is_ready} && : > {_MARKER}; fi"]


def _limited(probe: Probe, tool: HttpTool) -> str:
    command = shlex.join(_argv(probe, tool))
    return f"timeout {probe.timeout_seconds} {command}" if isinstance(probe.check, ExecCheck) else command


def _argv(probe: Probe, tool: HttpTool) -> list[str]:
    match probe.check:
        case ExecCheck(command=command):
            return list(command)
        case HttpCheck(path=path, port=port):
            return _http_get(tool, path, port, probe.timeout_seconds)
        case TcpCheck(port=port):
            # The socket listens. Opening a connection every few seconds would fill the server's log.
            return ["grep", "-Eqs", f":{port:04X} 0+:0000 0A", "/proc/net/tcp", "/proc/net/tcp6"]


def _http_get(tool: HttpTool, path: str, port: int, timeout: int) -> list[str]:
    url = f"http://127.0.0.1:{port}{path}"
    match tool:
        case HttpTool.CURL:
            return ["curl", "-fsS", "-o", "/dev/null", "-m", str(timeout), url]
        case HttpTool.WGET:
            return ["wget", "-q", "-O", "/dev/null", "-T", str(timeout), url]
        case HttpTool.PYTHON:
            return ["python3", "-c", _PYTHON_GET.format(port=port, path=path, timeout=timeout)]
