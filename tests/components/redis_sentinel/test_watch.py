"""What a member does about itself while it runs, told by what it and the Sentinels say: the script with fakes."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.components.redis_sentinel.test_start_scripts import FILES

# Answers what the files say, and writes down what the server is told: the words, or what comes in.
REDIS_CLI = """#!/bin/sh
host=$2
case "$*" in
*sentinel*) cat "says-$host" 2>/dev/null ;;
*"info replication") cat "own-$host" 2>/dev/null || cat own ;;
*" role") cat role ;;
*" ping") echo PONG ;;
*"config set"*) echo "$*" | sed 's/.*config/config/' >>told; echo OK ;;
*) cat >>told ;;
esac
"""
MASTER = "role:master\r\nconnected_slaves:0\r\n"
DATA = f"# data\nmin-replicas-to-write {1}\n"


def follows(master: str, link: str = "down") -> str:
    return f"role:slave\r\nmaster_host:{master}\r\nmaster_link_status:{link}\r\n"


def says(host: str, *, epoch: int = 1, silent: int = 100, flags: str = "master") -> str:
    """A Sentinel's answer."""
    return (
        f"name\nmain\nip\n{host}\nport\n6379\nrunid\n\nflags\n{flags}\nlast-ok-ping-reply\n{silent}\n"
        f"config-epoch\n{epoch}\nquorum\n2\n"
    )


class Trial:
    """The script as member `a`, whose Sentinels are s1, s2 and s3."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.program("redis-cli", REDIS_CLI)
        for name in ("redis_password", "sentinel_password"):
            (directory / name).write_text("x")
        (directory / "redis.conf").write_text(DATA)
        (directory / "role").write_text("master\n")
        (directory / "own-b").write_text(MASTER)
        (directory / "own-c").write_text("role:slave\r\n")
        (directory / "masters.sh").write_text(self._text("redis_masters"))

    def program(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o755)

    def run(
        self, own: str, answers: dict[str, str], *, looks: int = 4, started: str = "", patient: int = 0
    ) -> list[str]:
        """What the server was told within so many looks."""
        count = f"echo >>slept\n[ $(wc -l <slept) -le {looks} ] || kill $PPID\n"
        self.program("sleep", f"#!/bin/sh\n{count}")
        (self.directory / "own").write_text(own)
        for who, text in answers.items():
            (self.directory / f"says-{who}").write_text(text)
        subprocess.run(
            ["sh", "-c", self._text("redis_watch"), "watch", started],
            cwd=self.directory,
            env={
                "PATH": f"{self.directory}:{os.environ['PATH']}",
                "HA_HOST": "a",
                "HA_SENTINELS": "s1 s2 s3",
                "HA_MASTER": "main",
                "HA_USER": "default",
                "HA_CLI": "redis-cli",
                "HA_HOLD_SECONDS": "2",
                "HA_PATIENT_MILLIS": str(patient),
            },
            check=False,
            timeout=20,
            capture_output=True,
        )
        told = self.directory / "told"
        return told.read_text().splitlines() if told.exists() else []

    def _text(self, script: str) -> str:
        return (FILES / f"{script}.sh").read_text().replace("/etc/ha-redis", str(self.directory))


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


def all_say(host: str) -> dict[str, str]:
    return {name: says(host) for name in ("s1", "s2", "s3")}


FOLLOW = ["multi", "replicaof b 6379", "client unpause", "client kill type normal", "exec"]
LEAD = ["replicaof no one"]


@pytest.mark.parametrize(
    ("own", "answers", "told"),
    [
        pytest.param(MASTER, all_say("b"), FOLLOW, id="a second master"),
        pytest.param(MASTER, {"s1": says("a", epoch=1), "s2": says("b", epoch=2)}, FOLLOW, id="the newest election"),
        pytest.param(
            MASTER,
            {"s1": says("a", epoch=2), "s2": says("b", epoch=2), "s3": says("b", epoch=2)},
            FOLLOW,
            id="one Sentinel kept the old master under the new election",
        ),
        pytest.param(MASTER, all_say("a"), [], id="the master"),
        pytest.param(MASTER, {"s1": says("b")}, [], id="one Sentinel alone"),
        pytest.param(MASTER, {}, [], id="no Sentinel"),
        pytest.param(follows("b"), all_say("a"), LEAD, id="a replica that is named"),
        pytest.param(follows("c"), all_say("b"), FOLLOW, id="a replica of the wrong one"),
        pytest.param(follows("b"), all_say("b"), [], id="a replica that tries to reach its master, or copies it"),
        pytest.param(follows("b", "up"), all_say("a"), [], id="the Sentinels may not know yet"),
        pytest.param(follows("c", "up"), all_say("a"), LEAD, id="a ring of replicas"),
        pytest.param("", all_say("b"), [], id="it loads"),
    ],
)
def test_it_does_what_the_sentinels_say_three_times(
    trial: Trial, own: str, answers: dict[str, str], told: list[str]
) -> None:
    assert trial.run(own, answers, looks=2) == [], "they may be about to do it"
    (trial.directory / "slept").unlink()
    assert trial.run(own, answers, looks=3) == told


def test_who_changes_their_mind_is_not_believed(trial: Trial) -> None:
    count = "echo >>slept\n[ $(wc -l <slept) -le 9 ] || kill $PPID\n"
    turn = "[ $(wc -l <slept) -ne 3 ] || sed -i 's/^b$/a/' says-s1 says-s2 says-s3\n"
    trial.program("sleep", f"#!/bin/sh\n{count}{turn}")
    fakes = trial.program
    trial.program = lambda name, text: fakes(name, text) if name != "sleep" else None  # type: ignore[method-assign]
    assert trial.run(MASTER, all_say("b")) == []


NOW = "config set min-replicas-to-write 1"


def long_ago(seconds: int) -> str:
    """That it started then, in hundredths of a second."""
    return str(int(time.clock_gettime(time.CLOCK_BOOTTIME) * 100) - 100 * seconds)


@pytest.mark.parametrize(
    ("answers", "opens"),
    [
        pytest.param(all_say("a"), True, id="all have seen it"),
        pytest.param({"s1": says("a"), "s2": says("a")}, True, id="a majority, and one is away"),
        pytest.param({"s1": says("a")}, False, id="one alone"),
        pytest.param({}, False, id="nobody answers"),
        pytest.param(
            all_say("a") | {"s3": says("a", silent=60_000)}, False, id="one was last answered before the start"
        ),
        pytest.param(all_say("a") | {"s2": says("a", flags="s_down,master")}, False, id="one counts it as lost"),
        pytest.param(
            all_say("a") | {"s2": says("a", flags="master,failover_in_progress")}, False, id="one replaces it"
        ),
        pytest.param({"s1": says("a"), "s2": says("b", epoch=0)}, False, id="one names another, of an older election"),
    ],
)
def test_writes_are_taken_when_the_sentinels_have_seen_it(trial: Trial, answers: dict[str, str], opens: bool) -> None:
    assert trial.run(MASTER, answers, looks=0 if opens else 3, started=long_ago(30)) == ([NOW] if opens else [])


def test_who_will_see_it_in_time_is_not_waited_for(trial: Trial) -> None:
    answers = {name: says("a", silent=60_000) for name in ("s1", "s2")}
    assert trial.run(MASTER, answers, looks=0, started=long_ago(30), patient=70_000) == [NOW]


def test_after_a_while_writes_are_taken_whatever_the_sentinels_say(trial: Trial) -> None:
    """They are all lost, say."""
    began = time.monotonic()
    trial.program(
        "redis-cli", REDIS_CLI.replace('*sentinel*) cat "says-$host" 2>/dev/null', "*sentinel*) /bin/sleep 0.3")
    )
    assert trial.run(MASTER, {}, looks=20, started=long_ago(1)) == [NOW]
    assert time.monotonic() - began > 1.9


def test_who_was_replaced_meanwhile_follows_before_it_takes_a_write(trial: Trial) -> None:
    told = trial.run(MASTER, all_say("a") | {"s1": says("b", epoch=2)}, looks=1, started=long_ago(30))
    assert told[: len(FOLLOW)] == FOLLOW
    assert NOW not in told


def test_a_replica_holds_nothing(trial: Trial) -> None:
    (trial.directory / "role").write_text("slave\n")
    assert trial.run(MASTER, {}, looks=0, started=long_ago(1)) == [NOW]
