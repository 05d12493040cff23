"""What a copier puts into a repository, by the real pgBackRest in a directory, and what it makes of what is broken."""

import shutil
from pathlib import Path

import pytest

from components.copies.files.copies_repository import Broken, Copy, Failed, Repository

PASSPHRASE = "a-passphrase-of-the-repository"
CONFIGURATION = """[global]
repo1-path={place}/repository
repo1-cipher-type=aes-256-cbc
repo1-cipher-pass={passphrase}
lock-path={place}/lock
log-level-file=off
log-level-console=off
log-level-stderr=error
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if shutil.which("pgbackrest") is None:
        pytest.skip("not here: pgbackrest")
    (tmp_path / "repository").mkdir()
    (tmp_path / "pgbackrest.conf").write_text(CONFIGURATION.format(place=tmp_path, passphrase=PASSPHRASE))
    monkeypatch.setenv("PGBACKREST_CONFIG", str(tmp_path / "pgbackrest.conf"))
    return tmp_path / "repository/copies/sessions"


def put(repository: Repository, label: str, content: bytes, **told: object) -> Copy:
    upload = repository.put(label)
    upload.write(content)
    copy = Copy(label, 1.0, 2.0, len(content), upload.end(), {"before": 1, "after": 1})
    repository.complete(copy)
    if told:
        repository.judge(copy := copy._replace(**told))  # type: ignore[arg-type]
    return copy


def test_what_is_put_is_read_and_encrypted(place: Path) -> None:
    repository = Repository("sessions", PASSPHRASE)
    assert repository.copies() == []
    content = b"REDIS0011" + bytes(range(256)) * 3000
    copy = put(repository, "20260101-023000", content, verified=5.0, restore_seconds=0.5)
    assert Repository("sessions", PASSPHRASE).copies() == [copy]
    assert b"".join(repository.read(copy)) == content
    assert b"REDIS" not in (place / copy.label / "data").read_bytes()


@pytest.mark.usefixtures("place")
def test_an_upload_that_is_abandoned_is_no_copy() -> None:
    repository = Repository("sessions", PASSPHRASE)
    upload = repository.put("20260101-023000")
    upload.write(b"half" * 1000)
    upload.abandon()
    assert repository.copies() == []


@pytest.mark.parametrize("hurt", ["data", "copy.json", "verdict.json"])
def test_a_file_that_changed_is_noticed_and_hides_no_other_copy(place: Path, hurt: str) -> None:
    repository = Repository("sessions", PASSPHRASE)
    sound = put(repository, "20260101-023000", b"one" * 1000, verified=5.0)
    put(repository, "20260102-023000", b"two" * 1000, verified=6.0)
    path = place / "20260102-023000" / hurt
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    first, second = Repository("sessions", PASSPHRASE).copies()
    assert first == sound
    if hurt == "data":
        with pytest.raises(Broken):
            b"".join(repository.read(second))
    else:
        assert second.failed.startswith(f"{hurt} cannot be read")
        assert not second.verified


@pytest.mark.usefixtures("place")
def test_a_broken_copy_never_ends_well_for_who_reads_it() -> None:
    repository = Repository("sessions", PASSPHRASE)
    copy = put(repository, "20260101-023000", b"one" * 100_000)
    got: list[bytes] = []
    with pytest.raises(Broken, match="not what was copied"):
        got.extend(repository.read(copy._replace(sha256="another")))
    assert len(b"".join(got)) < copy.bytes


def test_a_repository_that_cannot_be_read_condemns_nothing(place: Path) -> None:
    repository = Repository("sessions", PASSPHRASE)
    put(repository, "20260101-023000", b"one", verified=5.0)
    (copy,) = repository.copies()
    shutil.rmtree(place.parents[1])
    place.parents[1].write_text("no directory")
    with pytest.raises(Failed):
        repository.copies()
    with pytest.raises(Failed) as raised:
        list(repository.read(copy))
    assert not isinstance(raised.value, Broken)


def test_the_last_verified_copies_are_never_removed(place: Path) -> None:
    repository = Repository("sessions", PASSPHRASE)
    put(repository, "20260101-023000", b"1", verified=5.0)
    put(repository, "20260102-023000", b"2", verified=5.0)
    for day in (3, 4, 5):
        put(repository, f"2026010{day}-023000", b"bad", failed="no keys")
    upload = repository.put("20260106-023000")  # cut before its description
    upload.write(b"half")
    upload.end()
    assert repository.remove_old(repository.copies(), keep=2) == ["20260103-023000"], "a failed one beyond two"
    put(repository, "20260107-023000", b"3", verified=5.0)
    put(repository, "20260108-023000", b"4", verified=5.0)
    gone = repository.remove_old(repository.copies(), keep=2)
    assert gone == [f"2026010{day}-023000" for day in (1, 2, 4, 5, 6)]
    assert [one.label for one in repository.copies()] == ["20260107-023000", "20260108-023000"]
    assert sorted(path.name for path in place.iterdir()) == ["20260107-023000", "20260108-023000"]
