"""How the commands speak to an engine: a program on PATH that writes down what it was given."""

import json
import os
import signal
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from cli.engines import Engine
from cli.errors import CommandError
from cli.stack_file import REPOSITORY, StackFile
from sandbox.hosts.waiting import wait_until

RECORDER = """\
#!/bin/sh
{ echo "$@"; env | grep ^PULUMI_ ; } >> "$RECORD"
if [ "$1" = config ]; then cat >> "$RECORD.stdin"; fi
if [ "$2" = select ]; then echo 'encryptionsalt: v1:made' >> "Pulumi.$4.yaml"; fi
if [ "$2" = export ]; then echo '{"deployment": {"resources": [{"type": "t"}], "pending_operations": [], "v": 3}}'; fi
if [ "$2" = import ]; then cat >> "$RECORD.import"; fi
if [ "$1 $2" = "preview --json" ]; then echo "error: no stack" >&2; exit 3; fi
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a `pulumi` that does nothing was told."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(RECORDER)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    return tmp_path / "record"


def _stack(path: Path) -> StackFile:
    return StackFile(name="trial-of-commands", path=path, document={})


def test_pulumi_is_used_when_it_is_there(record: Path) -> None:
    engine = Engine(_stack(REPOSITORY / "Pulumi.trial-of-commands.yaml"), {})
    assert engine.name == "pulumi"
    assert engine.destroy() == 0
    said = record.read_text()
    assert "destroy --exclude-protected --yes --skip-preview --stack trial-of-commands --config-file " in said
    assert f"PULUMI_BACKEND_URL=file://{record.parent}/state/pulumi" in said


def test_the_cli_writes_its_salt_into_a_copy_and_keeps_it(record: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    for text in ("config: {a: b}", "config:\n  a: c\n"):
        file.write_text(text)
        assert Engine(_stack(file), {}).preview() == 0
        assert file.read_text() == text
    copy = tmp_path / "state/project/Pulumi.trial-of-commands.yaml"
    assert f"--config-file {copy}\n" in record.read_text()
    assert copy.read_text() == "config:\n  a: c\nencryptionsalt: v1:made\n"
    assert not (REPOSITORY / "Pulumi.trial-of-commands.yaml").exists()


@pytest.mark.parametrize("line", ["encryptionsalt: v1:own", "secretsprovider: awskms://alias/x"])
def test_a_file_that_is_encrypted_is_used_itself(record: Path, tmp_path: Path, line: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(f"config: {{}}\n{line}\n")
    assert Engine(_stack(file), {}).preview() == 0
    assert f"--config-file {file}\n" in record.read_text()


def test_only_what_drifted_is_refreshed_before_an_update(record: Path, tmp_path: Path) -> None:
    """Refreshed as a whole, services of the docker provider are replaced for what a registry filled in."""
    engine = Engine(_stack(tmp_path / "mine.yaml"), {})
    assert engine.up() == 0
    assert "refresh" not in record.read_text()
    assert engine.up(["urn:a", "urn:b"]) == 0
    said = [line for line in record.read_text().splitlines() if line.startswith(("refresh", "up"))]
    assert said[-2].startswith("refresh --yes --skip-preview --target urn:a --target urn:b --stack")
    assert said[-1].startswith("up --policy-pack")
    assert engine.preview(["urn:a"]) == 0
    assert record.read_text().count("refresh") == 1, "it would record what it finds"


def test_a_secret_is_given_on_standard_input_only(record: Path, tmp_path: Path) -> None:
    assert Engine(_stack(tmp_path / "mine.yaml"), {}).set_secret("api_key", "hunter2") == 0
    assert "hunter2" not in record.read_text()
    assert Path(f"{record}.stdin").read_text() == "hunter2"
    assert "config set --secret --path ha-platform:secrets.api_key" in record.read_text()
    assert f"--config-file {tmp_path}/mine.yaml\n" in record.read_text()


def test_what_an_engine_says_is_passed_on_in_one_sentence(record: Path, tmp_path: Path) -> None:
    del record
    engine = Engine(_stack(tmp_path / "mine.yaml"), {})
    assert engine.resources() == [{"type": "t"}]
    with pytest.raises(CommandError, match=r"^no stack$"):
        engine.planned()


def test_a_state_is_emptied_and_nothing_else_of_it_changes(record: Path, tmp_path: Path) -> None:
    Engine(_stack(tmp_path / "mine.yaml"), {}).forget()
    assert json.loads(Path(f"{record}.import").read_text()) == {"deployment": {"resources": [], "v": 3}}
    assert "stack import --stack" in record.read_text()


def test_the_sandbox_engine_forgets_what_it_recorded(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del record
    monkeypatch.setenv("ENGINE", "sandbox")
    file = tmp_path / "Pulumi.mine.yaml"
    file.write_text("config: {}\n")
    engine = Engine(StackFile(name="mine", path=file, document={}), {})
    urn = "urn:pulumi:mine::ha-platform::pulumi:pulumi:Stack::ha-platform-mine"
    one = {"urn": urn, "custom": False, "type": "pulumi:pulumi:Stack"}
    engine.restore({"version": 3, "deployment": {"resources": [one]}})
    assert [each["urn"] for each in engine.resources()] == [urn]
    engine.forget()
    assert engine.resources() == []
    engine.remove()
    assert [path.name for path in (tmp_path / "state").iterdir() if path.suffix == ".json"] == []


def test_a_record_is_removed_and_the_stack_file_stays(record: Path, tmp_path: Path) -> None:
    Engine(_stack(tmp_path / "mine.yaml"), {}).remove()
    assert "stack rm --yes --preserve-config --stack trial-of-commands\n" in record.read_text()


def test_no_passphrase_is_made_up_for_secrets_that_are_there(record: Path, tmp_path: Path) -> None:
    stack = StackFile(name="mine", path=tmp_path / "mine.yaml", salt="v1:own")
    with pytest.raises(CommandError, match="state/passphrase is missing") as raised:
        Engine(stack, {})
    assert "set PULUMI_CONFIG_PASSPHRASE to it" in str(raised.value)
    assert not (record.parent / "state/passphrase").exists()


def test_the_passphrase_is_made_once_and_for_the_owner_only(record: Path, tmp_path: Path) -> None:
    first, second = (Engine(_stack(tmp_path / "mine.yaml"), {}) for _ in range(2))
    assert first.name == second.name
    path = record.parent / "state/passphrase"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = path.read_text()
    Engine(_stack(tmp_path / "mine.yaml"), {}).preview()
    assert path.read_text() == kept


def test_an_engine_that_does_not_exist(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "terraform")
    with pytest.raises(CommandError, match="ENGINE is `sandbox` or `pulumi`, not `terraform`"):
        Engine(_stack(record), {})


def test_pulumi_is_asked_for_and_not_there(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE", "pulumi")
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CommandError, match="there is no `pulumi` on PATH"):
        Engine(_stack(record), {})


SLOW = """\
#!/bin/sh
if [ "$1" != up ]; then exit 0; fi
trap 'sleep 1; echo recorded >> "$RECORD"; exit 255' INT
echo begun >> "$RECORD"
while :; do sleep 0.1; done
"""
UP = """\
import signal
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in its background without it
from cli.engines import Engine
from cli.stack_file import StackFile
Engine(StackFile(name="trial-of-commands", path=Path("/tmp/none.yaml"), document={}), {}).up()
"""


def test_an_engine_that_is_interrupted_ends_what_it_began(record: Path) -> None:
    (record.parent / "bin" / "pulumi").write_text(SLOW)
    process = subprocess.Popen(
        [sys.executable, "-c", UP], cwd=REPOSITORY, start_new_session=True, stderr=subprocess.PIPE
    )
    wait_until(lambda: record.exists() and "begun" in record.read_text(), "the update has begun", 60)
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, said = process.communicate(timeout=60)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert record.read_text() == "begun\nrecorded\n"
    assert process.returncode == -signal.SIGINT, said
