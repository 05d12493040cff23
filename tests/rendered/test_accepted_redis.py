"""What a cache renders starts a real Redis server, and a real Sentinel."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.app.process import free_port
from tests.live.deployed.waiting import wait_for
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
        _start(place, text(registered, "main-sentinel-config"), [redis, "--sentinel"], says="+monitor master main")


def _start(place: str, config: str, command: list[str], *, says: str) -> None:
    """Runs the program on loopback, in a directory of its own, until it says so; fails with its log."""
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
            f"{says!r} in the log", lambda: says in log.read_text() or _ended(process, log), seconds=30, every=0.05
        )
    finally:
        process.kill()
        process.wait()


def _ended(process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    return False
