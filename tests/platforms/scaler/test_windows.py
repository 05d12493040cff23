"""Hours at which there are more replicas, beside what was computed by hand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from platforms.scaler.windows import least, windows

OFFICE = {"starts": "0 7 * * 1-5", "ends": "0 20 * * 1-5", "zone": "UTC", "least": 6}
NIGHT = {"starts": "0 22 * * *", "ends": "0 4 * * *", "zone": "UTC", "least": 9}
SALE = {"starts": "0 12 27 11 *", "ends": "0 0 28 11 *", "zone": "UTC", "least": 20}
BERLIN = {**OFFICE, "zone": "Europe/Berlin"}


def at(text: str, zone: str = "UTC") -> float:
    local = datetime.fromisoformat(text)
    return local.replace(tzinfo=UTC if zone == "UTC" else ZoneInfo(zone)).timestamp()


@pytest.mark.parametrize(
    ("told", "when", "expected"),
    [
        ([], "2026-11-27T12:00", 3),
        ([OFFICE], "2026-11-27T06:59:59", 3),
        ([OFFICE], "2026-11-27T07:00", 6),
        ([OFFICE], "2026-11-27T19:59:59", 6),
        ([OFFICE], "2026-11-27T20:00", 3),
        ([OFFICE], "2026-11-28T12:00", 3),
        ([NIGHT], "2026-11-27T23:00", 9),
        ([NIGHT], "2026-11-28T03:59", 9),
        ([NIGHT], "2026-11-28T04:00", 3),
        ([OFFICE, SALE], "2026-11-27T13:00", 20),
        ([OFFICE, SALE], "2026-11-27T11:00", 6),
        ([OFFICE, SALE], "2026-11-28T00:00", 3),
    ],
)
def test_the_most_that_is_asked_for_at_a_time(told: list[dict[str, object]], when: str, expected: int) -> None:
    assert least(3, windows(told), at(when)) == expected


@pytest.mark.parametrize("day", ["2026-07-01", "2026-12-01"])
def test_a_window_is_of_its_zone_in_summer_and_in_winter(day: str) -> None:
    (window,) = windows([BERLIN])
    assert [window.open(at(f"{day}T{hour}", "Europe/Berlin")) for hour in ("06:59", "07:00", "19:59", "20:00")] == [
        False,
        True,
        True,
        False,
    ]


def test_a_zone_without_data_is_said_by_its_name() -> None:
    with pytest.raises(ValueError, match="the time zone Moon/Base is not known here"):
        windows([{**OFFICE, "zone": "Moon/Base"}])
