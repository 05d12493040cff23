"""What the door of the program does with a document before anything else looks at it."""

from pathlib import Path
from typing import Any

import pytest

from composition.read import STACK_KEY, check
from settings.faults import BrokenStack
from tests.stacks.fixtures import GOOD, settings_of


def backwards(value: Any) -> Any:
    """The document with the keys of every map in the opposite order."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_the_order_of_keys_means_nothing(path: Path) -> None:
    settings, secrets = settings_of(path)
    one, other = (check(each, source="x", secret_names=secrets) for each in (settings, backwards(settings)))
    assert repr(one) == repr(other)
    assert list(one.apps) == sorted(one.apps)


def test_a_date_that_the_cli_read_is_refused_under_its_path() -> None:
    settings, secrets = settings_of(GOOD[0])
    settings["apps"]["web"]["env"] = {"RELEASED": "2024-01-02 00:00:00 +0000 UTC"}
    with pytest.raises(BrokenStack) as refused:
        check(settings, source="x", secret_names=secrets)
    (fault,) = refused.value.faults
    assert fault.path == f"{STACK_KEY}.apps.web.env.RELEASED"
    assert fault.fix == "Put it in quotes."
