"""When a Sentinel forgets what it knows, told by what it and the others say: the script with a fake redis-cli."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.components.redis_sentinel.test_start_scripts import FILES
from tests.components.redis_sentinel.test_watch import says

_CLI = '#!/bin/sh\n[ "$2" = s1 ] || cat "says-$2" 2>/dev/null\n'
"""Nobody asks `s1` by its name: it is the one that watches."""
LOOKS = 4


def text(directory: Path, name: str) -> str:
    script = (FILES / f"{name}.sh").read_text()
    return script.replace("/etc/ha-redis", str(directory))


def forgets(directory: Path, answers: dict[str, str], *, looks: int = LOOKS) -> bool:
    """Whether Sentinel `s1` of three has been told to end, and to forget, within so many looks."""
    (directory / "redis-cli").write_text(_CLI)
    (directory / "sleep").write_text(f"#!/bin/sh\necho >>slept\n[ $(wc -l <slept) -le {looks} ]\n")
    for name in ("redis-cli", "sleep"):
        (directory / name).chmod(0o755)
    for name in ("redis_password", "sentinel_password"):
        (directory / name).write_text("x")
    (directory / "masters.sh").write_text(text(directory, "redis_masters"))
    for who, said in answers.items():
        (directory / f"says-{who}").write_text(said)
    with subprocess.Popen(["/bin/sleep", "60"]) as sentinel:
        subprocess.run(
            ["sh", "-c", text(directory, "sentinel_watch"), "watch", str(sentinel.pid)],
            cwd=directory, check=True, timeout=60,
            env={"PATH": f"{directory}:{os.environ['PATH']}", "HA_HOST": "s1", "HA_SENTINELS": "s1 s2 s3",
                 "HA_MASTER": "main", "HA_CLI": "redis-cli", "HA_VOLUME": str(directory)},
        )  # fmt: skip
        ended = sentinel.poll() is not None or (directory / "forget").exists()
        sentinel.kill()
    return ended


OWN = "127.0.0.1"


@pytest.mark.parametrize("epoch", [5, 6])
def test_a_sentinel_that_kept_the_old_master_forgets_it(tmp_path: Path, epoch: int) -> None:
    said = {OWN: says("c", epoch=5), "s2": says("b", epoch=epoch), "s3": says("b", epoch=epoch)}
    assert forgets(tmp_path, said)


@pytest.mark.parametrize(
    "others",
    [
        {"s2": says("c", epoch=5), "s3": says("c", epoch=5)},
        {"s2": says("b", epoch=4), "s3": says("b", epoch=4)},
        {"s2": says("b", epoch=5), "s3": says("c", epoch=5)},
        {"s2": says("b", epoch=6)},
        {"s2": says("a", epoch=6), "s3": says("b", epoch=6)},
        {"s2": says("b", epoch=6, flags="master,failover_in_progress"), "s3": says("b", epoch=6)},
        {},
    ],
    ids=["the-same", "older", "one-of-two", "one-is-away", "they-differ", "one-changes-it", "alone"],
)
def test_it_keeps_it_where_most_do_not_say_otherwise(tmp_path: Path, others: dict[str, str]) -> None:
    assert not forgets(tmp_path, {OWN: says("c", epoch=5), **others})


def test_it_keeps_it_while_it_changes_the_master_itself(tmp_path: Path) -> None:
    own = says("c", epoch=5, flags="master,failover_in_progress")
    assert not forgets(tmp_path, {OWN: own, "s2": says("b", epoch=5), "s3": says("b", epoch=5)})


def test_once_is_not_enough(tmp_path: Path) -> None:
    said = {OWN: says("c", epoch=5), "s2": says("b", epoch=5), "s3": says("b", epoch=5)}
    assert not forgets(tmp_path, said, looks=1)
