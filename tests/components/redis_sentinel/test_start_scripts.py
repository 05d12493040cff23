"""What a member or a Sentinel does at its start, told by what the others say: the scripts with fake programs."""

import os
import subprocess
from pathlib import Path

import pytest

from drills.waiting import wait_for
from tests.stacks.fixtures import REPOSITORY

FILES = REPOSITORY / "components/redis_sentinel/files"
EMPTY, KEYS, LOADING = "# Keyspace", "# Keyspace\ndb3:keys=1,expires=0", "loading:1\n# Keyspace"
DENIED = "NOAUTH Authentication required."
NOBODY: dict[str, str] = {}

# `redis-cli -h HOST ...` answers what is in the file `says-HOST`, and fails where there is none. Of whom a Sentinel has
# promoted the file has a last line, which only the question for the address gets.
REDIS_CLI = """#!/bin/sh
case "$*" in
*get-master-addr*) sed -n 's/^promoted //p' "says-$2" 2>/dev/null ;;
*) grep -v '^promoted ' "says-$2" 2>/dev/null ;;
esac
"""


class Trial:
    """A directory with the fakes, in which the scripts run as member `a` of a, b and c."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.volume = directory / "volume"
        self.volume.mkdir()
        self.program("redis-cli", REDIS_CLI)
        self.program("redis-server", '#!/bin/sh\nshift\necho "$*" >held\n')
        self.program("redis-sentinel", "#!/bin/sh\n")
        self.program("sleep", "#!/bin/sh\necho >>slept\n[ $(wc -l <slept) -lt 9 ] || kill $PPID\n")
        self.program("date", "#!/bin/sh\ntouch slept\necho $((5 * $(wc -l <slept)))\n")
        for name in ("redis_password", "sentinel_password", "fence.sh"):
            (directory / name).write_text("x")
        (directory / "watch.sh").write_text('echo "$1" >watched\n')
        (directory / "masters.sh").write_text(self._text("redis_masters"))

    def program(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o755)

    def run(self, server: str, says: dict[str, str], *, host: str = "a", persisted: str = "yes") -> str | None:
        """The master that the configuration names (its own name: it is the master), or None if it waited."""
        (self.directory / "slept").unlink(missing_ok=True)
        for who, text in says.items():
            (self.directory / f"says-{who}").write_text(text)
        process = self.start(server, host=host, persisted=persisted)
        try:
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
        if process.returncode == 143:
            return None
        assert process.returncode == 0, errors
        lines = (self.volume / f"{server}.conf").read_text().splitlines()
        return next((line.split()[1] for line in lines if line.startswith("replicaof")), host)

    def start(self, server: str, *, host: str = "a", persisted: str = "yes") -> "subprocess.Popen[str]":
        return subprocess.Popen(
            ["sh", "-c", self._text(f"{server}_start")],
            cwd=self.directory,
            env={
                "PATH": f"{self.directory}:{os.environ['PATH']}",
                "HA_VOLUME": str(self.volume),
                "HA_HOST": host,
                "HA_FIRST_MEMBER": "a",
                "HA_PEERS": "a b c",
                "HA_SENTINELS": "s1 s2 s3",
                "HA_PATIENCE_SECONDS": "20",
                "HA_MASTER": "main",
                "HA_USER": "default",
                "HA_PERSISTED": persisted,
                "HA_ASK_MILLIS": "125",
                "HA_RECONNECT_MILLIS": "1000",
                "HA_CLI": "redis-cli",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _text(self, script: str) -> str:
        return (FILES / f"{script}.sh").read_text().replace("/etc/ha-redis", str(self.directory))

    def has_data(self) -> None:
        (self.volume / "appendonlydir").mkdir()
        (self.volume / "appendonlydir/appendonly.aof.manifest").touch()

    def was(self, part: str) -> None:
        """The part it had before."""
        (self.volume / "redis.conf").write_text("" if part == "master" else f"replicaof {part} 6379\n")


def named(host: str, epoch: int = 0) -> str:
    """A Sentinel's answer."""
    return f"name\nmain\nip\n{host}\nport\n6379\nflags\nmaster\nconfig-epoch\n{epoch}\nquorum\n2\n"


def promoted(new: str, old: str, epoch: int) -> str:
    """A Sentinel's answers between the promotion and the end of a failover."""
    return named(old, epoch).replace("flags\nmaster", "flags\nmaster,failover_in_progress") + f"promoted {new}\n"


def follows(master: str) -> str:
    """A replica's answer."""
    return f"# Replication\r\nrole:slave\r\nmaster_host:{master}\r\nmaster_port:6379\r\n"


MASTER = "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n"


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


@pytest.mark.parametrize(
    ("says", "master"),
    [
        pytest.param(NOBODY, "a", id="the first start: nobody answers"),
        pytest.param({"b": EMPTY}, "a", id="the first start: one peer came up before"),
        pytest.param({"b": EMPTY, "c": EMPTY}, "a", id="nobody has anything"),
        pytest.param({"s2": named("b")}, "b", id="another is the master"),
        pytest.param({"s1": named("a"), "s2": named("b")}, "b", id="the Sentinels are changing the master"),
        pytest.param({"s1": named("a"), "b": KEYS, "c": KEYS}, None, id="the Sentinels have not missed it yet"),
        pytest.param({"s1": named("a"), "b": EMPTY}, None, id="a silent peer may hold keys"),
        pytest.param({"s1": named("a"), "b": EMPTY, "c": EMPTY}, "a", id="all lost what they had"),
        pytest.param({"b": EMPTY, "c": KEYS}, None, id="no Sentinel answers, and a peer holds keys"),
        pytest.param({"b": LOADING, "c": EMPTY}, None, id="a peer is loading"),
        pytest.param({"b": DENIED, "c": EMPTY}, None, id="a peer does not tell"),
        pytest.param({"s1": DENIED, "s2": "\n", "s3": named("c")}, "c", id="errors name no master"),
    ],
)
def test_without_data_member_0_is_master_only_where_nothing_is_lost(
    trial: Trial, says: dict[str, str], master: str | None
) -> None:
    assert trial.run("redis", says) == master


@pytest.mark.parametrize(
    ("says", "part", "master"),
    [
        pytest.param({"s1": named("b"), "s2": named("b")}, "master", "b", id="what a majority says"),
        pytest.param({"s1": named("a", 1), "s3": named("b", 2)}, "master", "b", id="the newest election"),
        pytest.param({"s1": named("b", 2), "s2": named("a", 1)}, "master", "b", id="the newest, whoever says it first"),
        pytest.param({"s1": promoted("b", "a", 2), "s2": named("b", 2)}, "master", "b", id="a failover about to end"),
        pytest.param({"s1": named("a"), "s2": named("a"), "b": KEYS}, "b", "a", id="master, whatever it was"),
        pytest.param({"s1": named("b", 9)}, "master", "a", id="not what one alone says"),
        pytest.param({"s2": named("a", 9), "s1": DENIED}, "c", "c", id="nor that it is the master itself"),
        pytest.param({"b": KEYS}, "master", "a", id="no Sentinel: the part it had"),
        pytest.param({"b": KEYS}, "c", "c", id="no Sentinel: the replica that it was"),
    ],
)
def test_with_data_it_does_what_the_sentinels_say(trial: Trial, says: dict[str, str], part: str, master: str) -> None:
    trial.has_data()
    trial.was(part)
    assert trial.run("redis", says) == master


@pytest.mark.parametrize(
    ("part", "data", "holds"),
    [
        pytest.param("master", True, True, id="a master that is back"),
        pytest.param("b", True, False, id="a replica"),
        pytest.param("master", False, False, id="the first start"),
    ],
)
def test_a_master_that_is_back_takes_no_writes_until_the_sentinels_see_it(
    trial: Trial, part: str, data: bool, holds: bool
) -> None:
    trial.program(
        "redis-server", '#!/bin/sh\nshift\necho "$*" >held\nwhile [ ! -s watched ]; do /bin/sleep 0.05; done\n'
    )
    if data:
        trial.has_data()
        trial.was(part)
    trial.run("redis", NOBODY)
    assert (trial.directory / "held").read_text() == ("--min-replicas-to-write 100\n" if holds else "\n")
    assert (trial.directory / "watched").read_text().strip().isdigit() == holds, "when it started"


def test_what_was_held_is_not_kept(trial: Trial) -> None:
    """A Sentinel may have had the configuration rewritten meanwhile."""
    trial.has_data()
    (trial.volume / "redis.conf").write_text("include x\nmin-replicas-to-write 100\nreplicaof b 6379\n")
    assert trial.run("redis", NOBODY) == "b"
    assert "min-replicas" not in (trial.volume / "redis.conf").read_text()


@pytest.mark.parametrize(
    ("says", "master"),
    [
        pytest.param({"s1": named("a"), "b": KEYS, "c": KEYS}, None, id="a restart within the Sentinels' patience"),
        pytest.param({"b": KEYS}, None, id="no Sentinel, and a replica holds the keys"),
        pytest.param({"s1": named("a"), "b": EMPTY, "c": EMPTY}, "a", id="a restart of all"),
    ],
)
def test_a_cache_never_has_data_at_its_start(trial: Trial, says: dict[str, str], master: str | None) -> None:
    """What it received as a replica and left in its volume is old, and removed."""
    trial.was("master")
    stale = trial.volume / "dump.rdb"
    stale.touch()
    assert trial.run("redis", says, persisted="no") == master
    assert not stale.exists()


def test_the_others_start_as_replicas_of_member_0(trial: Trial) -> None:
    assert trial.run("redis", {"c": KEYS}, host="b") == "a"


def test_a_person_accepts_the_loss_once(trial: Trial) -> None:
    says = {"s1": named("a"), "b": KEYS}
    (trial.volume / "start-empty").touch()
    assert trial.run("redis", says) == "a"
    assert trial.run("redis", says) is None


@pytest.mark.parametrize(
    ("says", "monitored"),
    [
        pytest.param({"a": MASTER, "b": follows("a"), "c": follows("a")}, "a", id="the first start"),
        pytest.param({"b": follows("c"), "c": MASTER}, "c", id="one does not answer"),
        pytest.param({"a": follows("c"), "b": follows("c")}, "c", id="the master does not answer"),
        pytest.param({"a": MASTER, "b": follows("c"), "c": MASTER}, "c", id="one comes back as the master it was"),
        pytest.param(NOBODY, None, id="nobody answers"),
        pytest.param({"a": MASTER, "s1": named("a")}, None, id="one alone"),
        pytest.param({"a": MASTER, "b": DENIED, "c": DENIED}, None, id="an error names no master"),
        pytest.param({"a": MASTER, "b": MASTER}, None, id="no two agree"),
        pytest.param({"b": follows("a"), "s1": named("a")}, "a", id="those that are left agree on one that is away"),
        pytest.param({"b": follows("a"), "s1": named("c")}, None, id="the Sentinel that is left names another"),
        pytest.param({"b": follows("a")}, None, id="no Sentinel is left"),
        pytest.param({"a": "PONG", "b": follows("a"), "s1": named("a")}, None, id="the master that is left loads"),
    ],
)
def test_a_sentinel_on_an_empty_volume_asks_the_members(
    trial: Trial, says: dict[str, str], monitored: str | None
) -> None:
    (trial.directory / "sentinel.conf").write_text("sentinel monitor main a 6379 2\nsentinel failover-timeout main 5\n")
    waited = trial.run("sentinel", says, host="s2") is None
    assert waited is (monitored is None)
    if waited:
        assert not (trial.volume / "sentinel.conf").exists()
        return
    text = (trial.volume / "sentinel.conf").read_text()
    assert {f"sentinel monitor main {monitored} 6379 2", "sentinel failover-timeout main 5"} <= set(text.splitlines())
    assert "sentinel announce-ip s2\n" in text
    replicas = {line.split()[3] for line in text.splitlines() if line.startswith("sentinel known-replica main ")}
    assert replicas == {peer for peer in "abc" if peer in says} - {monitored}
    identity = [line for line in text.splitlines() if line.startswith("sentinel myid ")]
    assert [len(line.split()[2]) for line in identity] == [40]
    (trial.volume / "sentinel.conf").unlink()
    trial.run("sentinel", says, host="s2")
    assert identity[0] in (trial.volume / "sentinel.conf").read_text(), "the same id as before"
    (trial.volume / "sentinel.conf").unlink()
    trial.run("sentinel", says, host="s3")
    assert identity[0] not in (trial.volume / "sentinel.conf").read_text(), "and nobody else's"


def test_a_sentinel_keeps_what_it_knows(trial: Trial) -> None:
    given, kept = trial.directory / "sentinel.conf", trial.volume / "sentinel.conf"
    given.write_text("sentinel monitor main a 6379 2\nsentinel failover-timeout main 5\n")
    kept.write_text("sentinel monitor main b 6379 2\nsentinel failover-timeout main 9\nknown\n")
    trial.run("sentinel", {"s1": named("c")})
    remembered = "sentinel monitor main b 6379 2\nknown\nsentinel failover-timeout main 5\n"
    fence = f"sentinel notification-script main {trial.volume}/fence.sh\n"
    assert kept.read_text() == remembered + fence
    trial.run("sentinel", {"s1": named("c")})
    assert kept.read_text() == remembered + fence, "said once"


def test_a_sentinel_that_shall_forget_asks_again(trial: Trial) -> None:
    (trial.directory / "sentinel.conf").write_text("sentinel monitor main a 6379 2\n")
    kept = trial.volume / "sentinel.conf"
    kept.write_text("sentinel monitor main c 6379 2\n")
    (trial.volume / "forget").touch()
    trial.run("sentinel", {"a": follows("b"), "b": MASTER, "c": follows("b")}, host="s2")
    assert "sentinel monitor main b 6379 2\n" in kept.read_text()
    assert not (trial.volume / "forget").exists()


def test_a_sentinel_does_not_run_under_another_name_than_it_knows(trial: Trial) -> None:
    (trial.volume / "sentinel.conf").write_text("sentinel monitor mymaster b 6379 2\n")
    with pytest.raises(AssertionError, match="master_name cannot be changed"):
        trial.run("sentinel", {})


def test_a_server_that_refuses_to_end_is_told_again(trial: Trial) -> None:
    """Redis does while it writes its first log after a copy."""
    refuses = "trap 'echo >>told; [ $(wc -l <told) -lt 2 ] || exit 0' TERM\ntouch serves\nwhile :; do sleep 0.1; done\n"
    trial.program("redis-server", f"#!/bin/sh\n{refuses}")
    (trial.directory / "sleep").unlink()
    trial.has_data()
    (trial.directory / "hand_over.sh").touch()
    process = trial.start("redis")
    try:
        wait_for("it serves", (trial.directory / "serves").exists, seconds=120, every=0.05)
        process.terminate()
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 0, errors
    assert len((trial.directory / "told").read_text().splitlines()) == 2
