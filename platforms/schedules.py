"""What both platforms make of a Schedule: the programs, their configuration, and the clock, which is a member with a
small volume for what it remembers.

The volume is at /var/tmp: images have that directory, everybody may write there, and a new volume of Docker takes over
the rights of what it hides, so it does not matter as whom the process runs.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pulumi

from model import (
    ConfigFile,
    Container,
    File,
    HttpCheck,
    Members,
    Port,
    Probe,
    Probes,
    Resources,
    Schedule,
    Stop,
    Volume,
)
from model import clock as clock_module
from model.schedule import METRICS_PORT
from model.units import MIB
from platforms import process
from platforms.base import Platform, Refused

DIRECTORY = "/etc/ha-schedule"
STATE_DIRECTORY = "/var/tmp"
STATE_BYTES = 64 * MIB
_PROGRAMS = Path(__file__).parent / "scheduled"
_MAIN = "import sys\n\nfrom scripts.main import main\n\nsys.exit(main(sys.path[0], *sys.argv[1:]))\n"
_HEALTHY = Probe(check=HttpCheck(path="/health", port=METRICS_PORT), interval_seconds=15, timeout_seconds=5, failures=4)
"""The same check for both, so that no shell is needed in the image."""
_LISTENER = Resources(
    cpu_request_millis=10, cpu_limit_millis=100, memory_request_bytes=32 * MIB, memory_limit_bytes=64 * MIB
)
"""Of a clock that only hears of runs."""


def refusals(word: Schedule) -> Iterator[Refused]:
    """Fields that no platform can honour."""
    if not word.container.command:
        yield Refused("container.command", "none", "a schedule needs a command that it runs")
    if len(word.hosts) > 1:
        yield Refused("hosts", ", ".join(word.hosts), "a schedule has one clock, so name one host")
    yield from process.refusals(word.container)


def clock_name(word: Schedule) -> str:
    """The name of the members that the clock is."""
    return f"{word.name}-clock"


def files(platform: Platform, word: Schedule, *, parent: pulumi.Resource) -> tuple[File, ...]:
    """The programs and the configuration: the same for the clock and for the runs, wherever they are."""
    told = {
        "at": word.at,
        "zone": word.zone,
        "deadline": word.deadline_seconds,
        "start_within": word.start_within_seconds,
        "grace": word.container.stop.grace_seconds,
        "signal": word.container.stop.signal,
        "history": word.history,
        "state": f"{STATE_DIRECTORY}/ha-schedule.json",
        "listen": "0.0.0.0",
        "port": METRICS_PORT,
        "clock": f"http://{platform.host(clock_name(word))}:{METRICS_PORT}",
    }
    texts = {"schedule.json": json.dumps(told, indent=2) + "\n", "__main__.py": _MAIN}
    texts |= {f"scripts/{name}.py": _program(name) for name in ("clock", "history", "keep", "main", "report", "run")}

    def mounted(path: str, text: str) -> File:
        part = path.rpartition("/")[2].partition(".")[0].strip("_")
        name = f"{word.name}-schedule-{part if '/' in path or part == 'schedule' else 'start'}"
        platform.claim("configuration file", name, word.origin)
        return File(
            path=f"{DIRECTORY}/{path}", source=platform.config_file(ConfigFile(name=name, text=text), parent=parent)
        )

    return tuple(mounted(path, text) for path, text in texts.items())


def running(word: Schedule, mode: str, programs: tuple[File, ...]) -> Container:
    """The container that runs the command at the clock's times (`keep`), or once (`report`)."""
    container = word.container
    command = ("python3", DIRECTORY, mode, *container.command, *container.args)
    return replace(container, command=command, args=(), files=(*container.files, *programs))


def runner(word: Schedule, programs: tuple[File, ...]) -> Members:
    """A clock that runs the command."""
    return replace(
        _clock(word, running(word, "keep", programs)),
        outside=word.outside,
        account_annotations=word.account_annotations,
    )


def listener(word: Schedule, programs: tuple[File, ...]) -> Members:
    """A clock that hears of runs: it has nothing of what the command has, and only the runs, and monitoring, connect
    to it."""
    container = Container(
        image=word.container.image,
        command=("python3", DIRECTORY, "keep"),
        files=programs,
        resources=_LISTENER,
        security=replace(word.container.security, capabilities=()),
        stop=Stop(grace_seconds=10),
    )
    return replace(_clock(word, container), private_to=(word.name,), metrics_port="metrics")


def _clock(word: Schedule, container: Container) -> Members:
    return Members(
        name=clock_name(word),
        origin=word.origin,
        tier=word.tier,
        container=container,
        count=1,
        volume=Volume(path=STATE_DIRECTORY, size_bytes=STATE_BYTES, disposable=True),
        peers=False,
        ports=(Port(name="metrics", number=METRICS_PORT),),
        probes=Probes(
            ready=replace(_HEALTHY, failures=2),
            live=_HEALTHY,
            start_seconds=60,
        ),
        hosts=word.hosts,
        node_labels=word.node_labels,
        tolerations=word.tolerations,
        priority=word.priority,
        depends_on=word.depends_on,
    )


def _program(name: str) -> str:
    path = Path(clock_module.__file__) if name == "clock" else _PROGRAMS / f"{name}.py"
    return path.read_text()
