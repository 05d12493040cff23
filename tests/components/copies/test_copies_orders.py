"""What the command of a person makes of what the copier says."""

from typing import Any

import pytest

from components.copies.files import copies_orders
from components.copies.files.copies_orders import Copier, Refused

IDLE: dict[str, Any] = {"began": 5.0, "running": "", "outcome": {}}


@pytest.fixture
def copier(monkeypatch: pytest.MonkeyPatch) -> Copier:
    monkeypatch.setattr(copies_orders, "POLL_SECONDS", 0)
    return Copier("copier:8011", "word")


def answered(monkeypatch: pytest.MonkeyPatch, copier: Copier, *told: dict[str, Any] | Exception) -> list[Any]:
    left, orders = [*told], list[Any]()

    def ask(_: str, body: Any = None) -> Any:
        if body is not None:
            orders.append(body)
            return {"number": 3}
        one = left.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    monkeypatch.setattr(copier, "ask", ask)
    return orders


def outcome(number: int, said: str = "", *, done: bool = True, **more: Any) -> dict[str, Any]:
    return IDLE | {"outcome": {"number": number, "said": said, "done": done} | more}


def test_it_returns_when_its_own_order_is_done(
    monkeypatch: pytest.MonkeyPatch, copier: Copier, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = answered(
        monkeypatch, copier,
        IDLE, IDLE | {"running": "copy of the clock"}, IDLE, OSError("for a moment"), outcome(2, "another", ended=True),
        outcome(3) | {"running": "copy of the order"}, outcome(3, "20260131-101200, verified", ended=True),
    )  # fmt: skip
    assert copier.carry_out({"order": "take"}) == "20260131-101200, verified"
    assert orders == [{"order": "take"}]
    assert capsys.readouterr().out.splitlines() == ["copy of the clock", "copy of the order"]


def test_what_was_not_done_is_refused(monkeypatch: pytest.MonkeyPatch, copier: Copier) -> None:
    answered(monkeypatch, copier, IDLE, outcome(3, "it holds 3 keys", done=False, ended=True))
    with pytest.raises(Refused, match="it holds 3 keys"):
        copier.carry_out({"order": "restore"})
    answered(monkeypatch, copier, IDLE, IDLE | {"began": 9.0})
    with pytest.raises(Refused, match="started again meanwhile"):
        copier.carry_out({"order": "take"})


def test_a_copier_that_stays_away_is_told(monkeypatch: pytest.MonkeyPatch, copier: Copier) -> None:
    monkeypatch.setattr(copies_orders, "REACH_SECONDS", -1)
    answered(monkeypatch, copier, OSError("refused"))
    with pytest.raises(Refused, match="the copier at copier:8011 does not answer: refused"):
        copier.carry_out({"order": "take"})
