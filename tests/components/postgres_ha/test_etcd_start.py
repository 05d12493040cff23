"""What a member of the store does at its start, told by what the others say: the script with fake programs."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.stacks.fixtures import REPOSITORY

SCRIPT = REPOSITORY / "components/postgres_ha/files/etcd_start.sh"
PEERS = "https://a:2380 https://b:2380 https://c:2380"
OTHERS = (
    '{"id":1,"peerURLs":["https://b:2380"],"name":"b","clientURLs":["https://b:2379"]},'
    '{"id":2,"peerURLs":["https://c:2380"],"name":"c","clientURLs":["https://c:2379"]}'
)
FIRST_START = OTHERS + ',{"id":3,"peerURLs":["https://a:2380"],"name":"a"}'
STARTED_BEFORE = OTHERS + ',{"id":3,"peerURLs":["https://a:2380"],"name":"a","clientURLs":["https://a:2379"]}'
ADDED = OTHERS + ',{"id":4,"peerURLs":["https://a:2380"],"name":""}'
ADDED_WITHOUT_NAME = OTHERS + ',{"id":4,"peerURLs":["https://a:2380"]}'

MEMBERS = " --initial-cluster=a=https://a:2380,b:2380=https://b:2380,c:2380=https://c:2380"

# What the others know is a file; the fake etcdctl changes it as etcd would. It logs what it was asked.
ETCDCTL = """#!/bin/sh
case "$*" in
  *" get "*)
    [ -s elections ] || exit 0
    sed -i 1d elections
    exit 1
    ;;
esac
while [ "$1" != member ]; do shift; done
if [ "$2" = list ]; then
  echo "1, started, b, https://b:2380, https://b:2379, false"
  echo "3, started, a, https://a:2380, https://a:2379, false"
  exit
fi
if [ -s refusals ]; then
  sed -i 1d refusals
  exit 1
fi
echo "$2 $3 $4" >>asked
case $2 in
  remove) cp removed known ;;
  add)
    cp added known
    echo '{"header":{"cluster_id":7},"member":{"ID":4,"peerURLs":["https://a:2380"]},"members":[{"ID":1},{"ID":4}]}'
    ;;
esac
"""
# A peer whose name is the name of a file lags: it knows what is in there until somebody asks again.
CURL = """#!/bin/sh
[ -s known ] || exit 1
for url; do :; done
peer=${url#*://}
if [ -s "${peer%%:*}" ] && [ "${url##*/}" = members ]; then
  mv "${peer%%:*}" served
  echo "[$(cat served)]"
else
  echo "[$(cat known)]"
fi
"""


class Trial:
    """A directory with the fakes, in which the script runs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.volume = directory / "volume"
        self.volume.mkdir()
        self.script("etcdctl", ETCDCTL)
        self.script("curl", CURL)
        self.script("sleep", "#!/bin/sh\n")
        self.script(
            "date", "#!/bin/sh\nn=0\n[ ! -e looked ] || read n <looked\nn=$((n + 2))\necho $n >looked\necho $n\n"
        )
        self.script("etcd", '#!/bin/sh\necho "$@"\n')
        (directory / "removed").write_text(OTHERS)
        (directory / "added").write_text(ADDED)

    def script(self, name: str, text: str) -> None:
        path = self.directory / name
        path.write_text(text)
        path.chmod(0o755)

    def start(self, known: str = "", *, peers: str = PEERS, path: str = os.environ["PATH"]) -> str:
        """The arguments with which etcd was started."""
        (self.directory / "known").write_text(known)
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), "--name=a"],
            cwd=self.directory,
            env={
                "PATH": f"{self.directory}:{path}",
                "HA_VOLUME": str(self.volume),
                "HA_NAME": "a",
                "HA_PEER_URL": "https://a:2380",
                "HA_PEERS": peers,
                "HA_CLIENTS": "https://b:2379",
                **dict.fromkeys(("HA_CHAIN", "ETCDCTL_CERT", "ETCDCTL_KEY"), "/nowhere.pem"),
            },
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        return done.stdout.strip()

    @property
    def asked(self) -> list[str]:
        """What the others were asked to do."""
        path = self.directory / "asked"
        return [line.strip() for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    return Trial(tmp_path)


@pytest.mark.parametrize(
    ("known", "state", "asked"),
    [
        pytest.param("", "new", [], id="nobody answers: the first start"),
        pytest.param(FIRST_START, "new", [], id="the others have started, this one never"),
        pytest.param(STARTED_BEFORE, "existing", ["remove 3", "add a --peer-urls=https://a:2380"], id="volume lost"),
        pytest.param(OTHERS, "existing", ["add a --peer-urls=https://a:2380"], id="killed after the removal"),
        pytest.param(
            ADDED, "existing", ["remove 3", "add a --peer-urls=https://a:2380"], id="lost again after the addition"
        ),
    ],
)
def test_an_empty_volume_does_what_the_others_know(trial: Trial, known: str, state: str, asked: list[str]) -> None:
    assert trial.start(known) == f"--initial-cluster-state={state} --name=a" + MEMBERS * (state == "existing")
    assert trial.asked == asked


@pytest.mark.parametrize("known", [ADDED, ADDED_WITHOUT_NAME], ids=["empty name", "no name"])
def test_a_start_that_was_killed_after_the_addition_goes_on(trial: Trial, known: str) -> None:
    """A quorum is not asked for: of two members, the second makes it."""
    (trial.directory / "elections").write_text("none yet\n" * 100)
    (trial.volume / ".added").write_text("4\n")
    assert trial.start(known) == "--initial-cluster-state=existing --name=a" + MEMBERS
    assert trial.asked == []


def test_the_past_has_another_who_was_added(trial: Trial) -> None:
    (trial.directory / "b").write_text(ADDED.replace('"id":4', '"id":5'))
    (trial.volume / ".added").write_text("4\n")
    assert trial.start(ADDED) == "--initial-cluster-state=existing --name=a" + MEMBERS
    assert not (trial.directory / "b").exists(), "it looked again"
    assert trial.asked == []


@pytest.mark.parametrize("lags", ["b", "c"])
@pytest.mark.parametrize("past", [FIRST_START, ADDED, OTHERS], ids=["before its start", "added", "removed"])
def test_nothing_is_done_by_what_one_knows_who_lags(trial: Trial, lags: str, past: str) -> None:
    """It reads its log again, or has not heard of the last change: its list is of a cluster that is no more."""
    (trial.directory / lags).write_text(past)
    assert trial.start(STARTED_BEFORE) == "--initial-cluster-state=existing --name=a" + MEMBERS
    assert trial.asked == ["remove 3", "add a --peer-urls=https://a:2380"]


@pytest.mark.parametrize("past", [STARTED_BEFORE, ADDED, OTHERS], ids=["started", "added", "removed"])
def test_nothing_is_done_before_they_have_a_quorum(trial: Trial, past: str) -> None:
    """All start again: what they list may be the past until they have elected a leader."""
    (trial.directory / "elections").write_text("none yet\n" * 4)
    (trial.directory / "elected").write_text(STARTED_BEFORE)
    trial.script("sleep", "#!/bin/sh\n[ -s elections ] || [ ! -e elected ] || mv elected known\n")
    assert trial.start(past) == "--initial-cluster-state=existing --name=a" + MEMBERS
    assert trial.asked == ["remove 3", "add a --peer-urls=https://a:2380"]


def test_a_new_cluster_needs_it_for_its_quorum(trial: Trial) -> None:
    (trial.directory / "elections").write_text("none yet\n" * 100)
    first = FIRST_START.replace(',"clientURLs":["https://b:2379"]', "").replace(',"clientURLs":["https://c:2379"]', "")
    assert trial.start(first) == "--initial-cluster-state=new --name=a"
    assert not (trial.volume / ".rejoining").exists()


def test_it_names_those_who_are_members_now(trial: Trial) -> None:
    """One of the others is being replaced, too: etcd compares the list with what the members know."""
    only_b = '{"id":1,"peerURLs":["https://b:2380"],"name":"b","clientURLs":["https://b:2379"]}'
    (trial.volume / ".added").write_text("4\n")
    arguments = trial.start(only_b + ',{"id":4,"peerURLs":["https://a:2380"]}')
    assert arguments.endswith(" --initial-cluster=a=https://a:2380,b:2380=https://b:2380")


def test_a_person_makes_one_member_the_cluster_once(trial: Trial) -> None:
    (trial.volume / "force-new-cluster").touch()
    assert trial.start(FIRST_START).endswith(" --force-new-cluster")
    assert "--force-new-cluster" not in trial.start(FIRST_START)


def test_a_member_with_data_asks_nobody(trial: Trial) -> None:
    wal = trial.volume / "etcd/member/wal"
    wal.mkdir(parents=True)
    (wal / "0000000000000000-0000000000000000.wal").touch()
    (trial.volume / ".tls").touch()
    trial.script("curl", "#!/bin/sh\ntouch was-asked\n")
    trial.start(STARTED_BEFORE)
    assert not (trial.directory / "was-asked").exists()
    assert trial.asked == []


def test_a_single_member_asks_nobody(trial: Trial) -> None:
    trial.script("curl", "#!/bin/sh\ntouch was-asked\n")
    assert trial.start(peers="") == "--initial-cluster-state=new --name=a"
    assert not (trial.directory / "was-asked").exists()


def test_steps_that_the_others_refuse_are_tried_again(trial: Trial) -> None:
    """They have no quorum, or have not seen each other for long enough."""
    (trial.directory / "refusals").write_text("no quorum\n" * 3)
    assert trial.start(STARTED_BEFORE).startswith("--initial-cluster-state=existing")
    assert trial.asked == ["remove 3", "add a --peer-urls=https://a:2380"]


def test_a_member_that_was_removed_never_comes_back_as_who_it_was(trial: Trial) -> None:
    """Killed after the removal, and at its next start nobody answers for a while: it waits."""
    (trial.volume / ".rejoining").touch()
    trial.script("sleep", f"#!/bin/sh\necho >>slept\n[ $(wc -l <slept) -lt 15 ] || echo '{OTHERS}' >known\n")
    assert trial.start("").startswith("--initial-cluster-state=existing ")
    assert trial.asked == ["add a --peer-urls=https://a:2380"]


@pytest.mark.parametrize("tool", ["wget", "python3"])
def test_any_of_the_tools_that_images_have_will_do(trial: Trial, tool: str) -> None:
    """Only the programs of an image: no curl."""
    (trial.directory / "curl").rename(trial.directory / tool)
    for program in ("sh", "ls", "tr", "grep", "cat", "sed", "cp", "touch"):
        (trial.directory / program).symlink_to(f"/usr/bin/{program}")
    (trial.volume / ".added").write_text("4\n")
    assert trial.start(ADDED, path="/nowhere").startswith("--initial-cluster-state=existing")
