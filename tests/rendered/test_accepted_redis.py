"""What a cache renders starts a real Redis server, and a real Sentinel."""

import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from components.redis.parameters import PARAMETERS, Choice, Number
from drills.waiting import wait_for
from tests.loopback import free_port
from tests.rendered.programs import program
from tests.rendered.texts import PLATFORMS, accepted, text

pytestmark = pytest.mark.live


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize(
    ("role", "sizes"),
    [
        ("broker", {}),
        ("cache", {"maxmemory": "16Mi"}),
        ("session", {"maxmemory": "1Ti", "volume": "2Ti"}),
    ],
)
@pytest.mark.parametrize("failover", ["fast", "standard"])
def test_server_and_sentinel_start(role: str, sizes: dict[str, Any], members: int, failover: str) -> None:
    cache = {"role": role, "members": members, "failover": failover, **sizes}
    registered = accepted({"platform": PLATFORMS["swarm"], "caches": {"main": cache}}, secrets={})
    redis = program("redis-server", "redis-server")
    with tempfile.TemporaryDirectory() as place:
        _start(place, text(registered, "main-redis-config"), [redis], says="Ready to accept connections")
        _start(place, text(registered, "main-sentinel-config"), [redis, "--sentinel"], says="[+]monitor master main")


@pytest.mark.parametrize("bound", ["least", "most"])
@pytest.mark.parametrize("word", range(4))
def test_every_parameter_is_accepted_at_its_bounds(bound: str, word: int) -> None:
    given: dict[str, Any] = {"client-output-buffer-limit": "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60"}
    given["notify-keyspace-events"] = ["", "KEA", "Elg", "K$m"][word]
    for name, parameter in PARAMETERS.items():
        if isinstance(parameter, Number):
            given[name] = getattr(parameter, bound)
        elif isinstance(parameter, Choice):
            given[name] = parameter.words[word % len(parameter.words)]
    given["repl-backlog-size"] = {"least": "16kb", "most": "128MB"}[bound]
    assert given.keys() == PARAMETERS.keys()
    cache = {"role": "session", "members": 1, "parameters": given}
    registered = accepted({"platform": PLATFORMS["swarm"], "caches": {"main": cache}}, secrets={})
    with tempfile.TemporaryDirectory() as place:
        config, redis = text(registered, "main-redis-config"), program("redis-server", "redis-server")
        log = _start(place, config, [redis], says="Ready to accept connections|Server initialized")
    assert "deprecated" not in log


def test_own_timers_and_names_are_accepted() -> None:
    cache = {
        "role": "broker",
        "master_name": "my.master_1-x",
        "timers": {"down_after": "2500ms", "failover_timeout": "7s", "parallel_syncs": 2},
    }
    registered = accepted({"platform": PLATFORMS["swarm"], "caches": {"main": cache}}, secrets={})
    config = text(registered, "main-sentinel-config")
    for line in ("down-after-milliseconds my.master_1-x 2500", "failover-timeout my.master_1-x 7000"):
        assert f"sentinel {line}\n" in config
    assert "sentinel parallel-syncs my.master_1-x 2\n" in config
    with tempfile.TemporaryDirectory() as place:
        redis = program("redis-server", "redis-server")
        _start(place, config, [redis, "--sentinel"], says="[+]monitor master my.master_1-x")


def _start(place: str, config: str, command: list[str], *, says: str) -> str:
    """Runs the program on loopback, in a directory of its own, until it says so (a pattern). Returns its log."""
    lines = [line for line in config.splitlines() if line.split(" ")[0] not in ("bind", "port", "dir")]
    own = Path(tempfile.mkdtemp(dir=place))
    (own / "auth.conf").touch()
    text = "\n".join([*lines, "bind 127.0.0.1", f"port {free_port()}", f"dir {own}"])
    text = text.replace("/etc/ha-redis", str(own)).replace("generated-main-redis-0", "127.0.0.1")
    (own / "own.conf").write_text(text + "\n")
    program_, *options = command
    log = own / "log"
    with log.open("wb") as output:
        process = subprocess.Popen([program_, str(own / "own.conf"), *options], stdout=output, stderr=output)
    try:
        wait_for(
            f"{says!r} in the log",
            lambda: re.search(says, log.read_text()) or _ended(process, log),
            seconds=120,
            every=0.05,
        )
    finally:
        process.kill()
        process.wait()
    return log.read_text()


def _ended(process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    return False
