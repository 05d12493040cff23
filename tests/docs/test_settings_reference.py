"""docs/settings.md, and the YAML that the documentation shows."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from composition.read import check
from composition.reference import PATH, reference_text
from composition.stack import Stack
from settings.images import pins
from tests.docs.pages import PAGES, name_of, yaml_snippets
from tests.stacks.fixtures import REPOSITORY, settings_of

MAPS = ("balancers", "apps", "databases", "caches")
SECRETS = frozenset(
    {
        "site_cert",
        "site_key",
        "openai_api_key",
        "pagerduty_key",
        "slack_url",
        "dead_man_url",
        "billing_token",
        "shop_password",
        "sessions_token",
        "provider_ca",
        "s3_key",
        "vault_key",
        "s3_secret",
        "mq_ca",
        "mq_password",
        "operator_password",
    }
)
SNIPPETS = [
    pytest.param(text, id=f"{name_of(page)}-{index}")
    for page in PAGES
    for index, text in enumerate(yaml_snippets(page))
]


def test_the_reference_is_fresh() -> None:
    assert PATH.read_text() == reference_text(), "run `make golden` and commit docs/settings.md"


def test_the_reference_shows_units_bounds_and_links() -> None:
    lines = reference_text().splitlines()
    for start in (
        "| `ttl` | duration, 20s to 5m | `30s` |",
        "| `interval` | duration, 50ms to 1m | `1s` |",
        "| `maxmemory` | size | `256Mi` |",
        "| `http` | number, 1 to 65535 |  |",
        "| `members` | `1` or `3` | `3` |",
        "| `routes` | list of [keys](#balancersnameroutes) | required |",
        "| `env` | map of text |  |",
    ):
        assert any(line.startswith(start) for line in lines), start


def test_every_key_of_the_stack_is_in_the_reference() -> None:
    text = reference_text()
    schema = Stack.model_json_schema()
    keys = {key for model in (schema, *schema["$defs"].values()) for key in model.get("properties", {})}
    missing = sorted(key for key in keys if f"| `{key}` |" not in text)
    assert not missing


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_snippet_is_a_valid_part_of_a_stack(text: str) -> None:
    snippet = yaml.safe_load(text)
    assert set(snippet) <= set(Stack.model_fields), "a YAML block shows settings of a stack"
    check(_completed(snippet), source="snippet", secret_names=SECRETS)


def test_there_are_snippets_for_every_component() -> None:
    assert {key for text in _texts() for key in yaml.safe_load(text)} >= {*MAPS, "platform", "monitoring"}


def _texts() -> Iterator[str]:
    for page in PAGES:
        yield from yaml_snippets(page)


def _completed(snippet: dict[str, Any]) -> dict[str, Any]:
    """The production stack with the snippet's parts in place of its own, and what they name."""
    settings, _ = settings_of(REPOSITORY / "Pulumi.prod.yaml")
    stack = copy.deepcopy(settings)
    stack["apps"]["chat"] = copy.deepcopy(stack["apps"]["web"])
    for key, value in snippet.items():
        if key in MAPS:
            stack[key].update(value)
        else:
            stack[key] = value
    if "repositories" in snippet:  # of the upstream image the README says what it lacks
        pin = pins("upstream")["postgres"].model_copy(update={"pgbackrest": True})
        stack["images"] = {**stack.get("images", {}), "override": {"postgres": pin.model_dump(exclude_unset=True)}}
    return stack
