"""What is said to the servers when Sentinel warns: the script with a fake redis-cli."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.stacks.fixtures import REPOSITORY

SCRIPT = REPOSITORY / "components/redis_sentinel/files/sentinel_fence.sh"
# Writes down what it is asked, without the options, and what comes in, and answers what the file of that name holds.
REDIS_CLI = """#!/bin/sh
while [ "$1" != -h ]; do shift; done
shift
echo "$*" >>asked
[ $# -gt 1 ] || sed 's/^/  /' >>asked
case "$*" in
*get-master-addr*) cat named 2>/dev/null ;;
*" role") cat "role-$1" 2>/dev/null ;;
*) echo OK ;;
esac
"""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    for name, text in (("redis-cli", REDIS_CLI), ("sleep", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "auth.conf").write_text(
        "requirepass x\nsentinel auth-user main ha_sentinel\nsentinel auth-pass main y\n"
    )
    (tmp_path / "sentinel_password").write_text("x")
    return tmp_path


def asked(directory: Path, event: str, detail: str, seconds: int = 5) -> list[str]:
    """What the servers were asked, in order."""
    text = SCRIPT.read_text().replace("/etc/ha-redis", str(directory))
    subprocess.run(
        ["sh", "-c", text, "fence", event, detail],
        cwd=directory,
        env={
            "PATH": f"{directory}:{os.environ['PATH']}",
            "HA_MASTER": "main",
            "HA_CLI": "redis-cli",
            "HA_FAILOVER_SECONDS": str(seconds),
        },
        check=True,
        timeout=20,
    )
    found = directory / "asked"
    return found.read_text().splitlines() if found.exists() else []


def test_a_failover_begins_and_writes_wait_for_as_long_as_it_may_take(directory: Path) -> None:
    assert asked(directory, "+try-failover", "master main old 6379") == ["old client pause 5000 write"]


def test_a_failover_without_a_replica_to_promote_lets_writes_go_on(directory: Path) -> None:
    assert asked(directory, "-failover-abort-no-good-slave", "master main old 6379") == ["old client unpause"]


@pytest.mark.parametrize("event", ["+sdown", "+odown", "-sdown", "+tilt", "+new-epoch"])
def test_other_warnings_concern_nobody(directory: Path, event: str) -> None:
    assert asked(directory, event, "master main old 6379") == []


@pytest.mark.parametrize(
    ("event", "detail"),
    [
        ("+promoted-slave", "slave 10.0.0.2:6379 new 6379 @ main old 6379"),
        ("+switch-master", "main old 6379 new 6379"),
    ],
)
def test_the_former_master_is_told_to_follow_until_it_does(directory: Path, event: str, detail: str) -> None:
    (directory / "named").write_text("new\n6379\n")
    (directory / "role-old").write_text("master\n")
    # It follows after it was told once.
    (directory / "sleep").write_text("#!/bin/sh\necho slave >role-old\n")
    told = asked(directory, event, detail)
    orders = ["multi", "slaveof new 6379", "config rewrite", "client unpause"]
    orders += ["client kill type normal", "client kill type pubsub", "exec"]
    assert not [line for line in told if line.startswith("new")], "it may be told to wait just now"
    assert [line.strip() for line in told if line.startswith("  ")] == orders
    assert told[-1] == "old role"


def test_a_word_that_is_out_of_date_turns_nobody(directory: Path) -> None:
    """The master has moved back meanwhile."""
    (directory / "named").write_text("old\n6379\n")
    (directory / "role-old").write_text("master\n")
    told = asked(directory, "+switch-master", "main old 6379 new 6379")
    assert not [line for line in told if "slaveof" in line]
