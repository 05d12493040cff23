"""Probes as the one health check that a Swarm task has.

Until the ready check has passed once, it is the health check: the task counts as running, and is found by name, from
then on. Afterwards the live check takes its place, for Swarm kills what is unhealthy. A marker in the container's own
/tmp, empty at every start, tells the two apart.
"""

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

import pulumi_docker as docker

from model import Container, ExecCheck, HttpCheck, HttpTool, Probe, Probes, TcpCheck
from platforms.durations import go_duration
from platforms.launcher import launched

_SHELL = "CMD-SHELL"
_MARKER = "/tmp/.ha-platform-ready"
_LOOKUP_SECONDS = 2
_SHORTEST_SECONDS = 5
_DOCKER_SECONDS = 1
"""From a task's start to the first run of its check, and from the end of a run to the next."""
_RUNS = 3
"""Failing runs that end a task whose check counts itself: one run that a busy host could not even start is none yet."""
# The marker holds how many runs are left until the next live check, and how many of those failed in a row.
_COUNTED = (
    "read left failed < {marker}; left=$((left - 1)); "
    'if [ "$left" -lt 1 ]; then left={every}; if {live}; then failed=0; else failed=$((failed + 1)); fi; fi; '
    'echo "$left $failed" > {marker}; [ "$failed" -lt {failures} ]'
)
_BUSY_SECONDS = 10
"""What the start of a process in a container may take on a busy host (seen: over 2 s at a load of 45 on two cores). A
check's own limit is kept inside the container, so that nothing is killed because its host is busy; only a command that
is run without a shell may take that much longer."""
_PYTHON_GET = (
    "import http.client,{modules};c=http.client.{connection}('127.0.0.1',{port},timeout={timeout}{more});"
    "c.request('GET',{path!r},headers={headers!r});sys.exit(not 200<=c.getresponse().status<400)"
)

_PYTHON_PLAIN = {"modules": "sys", "connection": "HTTPConnection", "more": ""}
_PYTHON_TLS = {
    "modules": "ssl,sys",
    "connection": "HTTPSConnection",
    "more": ",context=ssl._create_unverified_context()",
}


@dataclass(frozen=True, kw_only=True)
class _Times:
    """How often a check is due, and how many failures in a row end the task.

    `ready`: a start asks again after so many seconds. `every`: the live check is one of so many runs. `counted`: the
    check itself counts the failures of `live`, for Docker's own count would end a start too late, or run `live` too
    often.
    """

    interval: int
    ready: int
    every: int
    retries: int
    counted: bool

    @property
    def rest(self) -> int:
        """Seconds of the interval that a run spends itself."""
        return self.interval - min(self.interval, _DOCKER_SECONDS)

    @property
    def asked(self) -> int:
        """How often a run of a start asks whether it is ready."""
        return 1 + self.rest // self.ready


def healthcheck(
    probes: Probes, container: Container, peers: Sequence[str] = (), slow_start_seconds: int = 0
) -> docker.ServiceTaskSpecContainerSpecHealthcheckArgs:
    """The health check of `container`: its first pass means ready, its failure dead.

    A start may take `start_seconds`; a running task is killed after the time that the failures of `live` take. A check
    is due as often as `ready` wants it, but each starts a process in the container (60 to 100 ms of CPU in the
    sandbox), and it goes on for as long as the task runs: so five seconds at least, unless `live` wants it more often.
    A check without a shell has no time to spend: Docker waits for it.

    `peers` are the names of the other members. No name resolves before its task is ready, so members that need each
    other to become ready would wait for ever after a power failure: one that sees none of its peers is ready at once.

    With `slow_start_seconds` a start goes on for as long as it is alive: one run of the check, which may last about so
    long, ends when the start is ready (it passes) or not alive (it fails).
    """
    launched_probes = launched(probes, container)
    times = _times(launched_probes)
    tests = _tests(launched_probes, times, container.image.http_tool, peers, patient=slow_start_seconds > 0)
    timeout, interval = max(probes.ready.timeout_seconds, probes.live.timeout_seconds) + _BUSY_SECONDS, times.interval
    if slow_start_seconds:
        timeout += max(probes.start_seconds, slow_start_seconds)
    timeout += len(peers) * _LOOKUP_SECONDS
    if tests[0] == _SHELL:
        interval = _DOCKER_SECONDS
        asked = max(0, times.asked - 1)  # again
        timeout += times.rest + asked * (probes.ready.timeout_seconds + len(peers) * _LOOKUP_SECONDS)
    return docker.ServiceTaskSpecContainerSpecHealthcheckArgs(
        tests=tests,
        interval=go_duration(interval),
        timeout=go_duration(timeout),
        start_period=go_duration(max(1, probes.start_seconds - times.retries * times.interval)),
        retries=times.retries,
    )


def _times(probes: Probes) -> _Times:
    ready, live = probes.ready, probes.live
    interval = min(live.interval_seconds, max(ready.interval_seconds, _SHORTEST_SECONDS))
    retries = math.ceil(live.failures * live.interval_seconds / interval)
    every = math.ceil(live.interval_seconds / interval)
    asks = min(ready.interval_seconds, interval)
    if retries * interval <= probes.start_seconds and (every == 1 or _same(ready, live)):
        return _Times(interval=interval, ready=asks, every=1, retries=retries, counted=False)
    return _Times(interval=interval, ready=asks, every=every, retries=_RUNS, counted=True)


def _same(ready: Probe, live: Probe) -> bool:
    return (ready.check, ready.timeout_seconds) == (live.check, live.timeout_seconds)


def _tests(probes: Probes, times: _Times, tool: HttpTool, peers: Sequence[str], *, patient: bool) -> list[str]:
    ready, live = probes.ready, probes.live
    if not peers and not times.counted and _same(ready, live):
        return ["CMD", *_argv(live, tool)]  # works without a shell in the image
    is_ready, is_live = _limited(ready, tool), _limited(live, tool)
    if peers:
        lookups = " || ".join(f"getent ahostsv4 {peer}" for peer in peers)
        is_ready = f"{{ {is_ready} || {{ command -v getent && ! {{ {lookups}; }}; }} >/dev/null 2>&1; }}"
    mark, going = ":", is_live
    if times.counted:
        mark = f"echo {times.every} 0"
        going = _COUNTED.format(marker=_MARKER, every=times.every, failures=live.failures, live=is_live)
    if patient:
        starting = f"until {is_ready}; do {is_live} || exit 1; sleep {times.ready}; done"
    else:
        again = f'left=$((left - 1)); [ "$left" -gt 0 ] || exit 1; sleep {times.ready}'
        starting = f"left={times.asked}; until {is_ready}; do {again}; done"
    return [_SHELL, f"if [ -e {_MARKER} ]; then sleep {times.rest}; {going}; else {starting}; {mark} > {_MARKER}; fi"]


def _limited(probe: Probe, tool: HttpTool) -> str:
    command = shlex.join(_argv(probe, tool))
    return f"timeout {probe.timeout_seconds} {command}" if isinstance(probe.check, ExecCheck) else command


def _argv(probe: Probe, tool: HttpTool) -> list[str]:
    match probe.check:
        case ExecCheck(command=command):
            return list(command)
        case HttpCheck() as check:
            return _http_get(tool, check, probe.timeout_seconds)
        case TcpCheck(port=port):
            # The socket listens. Opening a connection every few seconds would fill the server's log.
            return ["grep", "-Eqs", f":{port:04X} 0+:0000 0A", "/proc/net/tcp", "/proc/net/tcp6"]


def _http_get(tool: HttpTool, check: HttpCheck, timeout: int) -> list[str]:
    url = f"{'https' if check.tls else 'http'}://127.0.0.1:{check.port}{check.path}"
    header = f"Host: {check.host}"
    match tool:
        case HttpTool.CURL:
            named = ["-H", header] if check.host else []
            return ["curl", "-fsS", *(["-k"] if check.tls else []), "-o", "/dev/null", "-m", str(timeout), *named, url]
        case HttpTool.WGET:
            named = ["--header", header] if check.host else []
            unverified = ["--no-check-certificate"] if check.tls else []
            return ["wget", "-q", *unverified, "-O", "/dev/null", "-T", str(timeout), *named, url]
        case HttpTool.PYTHON:
            headers = {"Host": check.host} if check.host else {}
            by = _PYTHON_TLS if check.tls else _PYTHON_PLAIN
            script = _PYTHON_GET.format(port=check.port, path=check.path, timeout=timeout, headers=headers, **by)
            return ["python3", "-c", script]
