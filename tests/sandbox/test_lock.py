"""The lock of the sandbox: one holder, no lock file, and the directory may go away under it."""

import threading
from pathlib import Path

from sandbox.hosts.lock import exclusive


def test_a_second_holder_waits(tmp_path: Path) -> None:
    order: list[str] = []
    second = threading.Thread(target=lambda: _hold(tmp_path / "sandbox", order))
    with exclusive(tmp_path / "sandbox"):
        second.start()
        second.join(0.2)
        assert second.is_alive(), "it waits for the lock"
        order.append("first")
    second.join(5)
    assert order == ["first", "second"]


def test_the_directory_may_be_removed_by_the_holder(tmp_path: Path) -> None:
    order: list[str] = []
    second = threading.Thread(target=lambda: _hold(tmp_path / "sandbox", order))
    with exclusive(tmp_path / "sandbox"):
        second.start()
        second.join(0.2)
        (tmp_path / "sandbox").rmdir()
    second.join(5)
    assert order == ["second"]
    assert list(tmp_path.iterdir()) == [tmp_path / "sandbox"], "the second holder made the directory anew"
    assert list((tmp_path / "sandbox").iterdir()) == []


def _hold(directory: Path, order: list[str]) -> None:
    with exclusive(directory):
        order.append("second")
