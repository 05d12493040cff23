"""What `tests/live` deploys of an example is the example: only named keys differ, and both platforms take it."""

from typing import Any

import pytest

from composition.read import check
from tests.examples.example import composed
from tests.live.published.stack import CHANGED, EXAMPLE, adapted, changes, kubernetes, swarm


@pytest.mark.parametrize("platform", [swarm("host1"), kubernetes(3)], ids=["swarm", "kubernetes"])
def test_what_is_deployed_differs_by_named_keys_only(platform: dict[str, Any]) -> None:
    settings = adapted(platform, image="registry.example.com/stand-in:1", client="192.0.2.1")
    paths = list(changes(EXAMPLE.settings(), settings))
    assert [path for path in paths if not set.union(*CHANGED.values()) & {*path}] == []
    named = {key for path in paths for key in path}
    assert set.union(*CHANGED.values()) - named == set(), "none is named in vain"
    stack = check(settings, source="adapted", secret_names=EXAMPLE.secrets())
    assert len(composed(EXAMPLE, stack)) > 100
