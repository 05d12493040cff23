"""Generated secrets: the same text in every application that names one, as a secret, on both platforms."""

import base64
import re
from typing import Any

import pytest

from tests.mock_engine import SECRET_MARK, Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

FORMS: dict[str, tuple[dict[str, Any], str]] = {
    "hex": ({"form": "hex", "length": 16}, r"[0-9a-f]{32}"),
    "base64": ({"form": "base64", "length": 64}, r"[A-Za-z0-9+/]{86}=="),
    "base64url": ({"form": "base64url"}, r"[A-Za-z0-9_-]{43}="),
}


def registered(kind: str, generated: dict[str, Any], secrets: dict[str, str] | None = None) -> list[Recorded]:
    app = {"image": "registry.example.com/app:1", "port": 8000}
    apps = {
        "web": {**app, "secrets": {"key": "session_key"}},
        "api": {**app, "command": ["serve"], "secret_env": {"SESSION_KEY": "session_key"}},
    }
    document = {"platform": PLATFORMS[kind], "apps": apps, "generated_secrets": generated}
    return accepted(document, secrets=secrets or {})


@pytest.mark.parametrize("kind", PLATFORMS)
@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_what_it_is_called(kind: str, form: str) -> None:
    settings, pattern = FORMS[form]
    value = text(registered(kind, {"session_key": settings}), "given-session-key")
    assert re.fullmatch(pattern, value)
    if form != "hex":
        assert len(base64.b64decode(value, altchars="-_" if form == "base64url" else None)) == settings.get(
            "length", 32
        )


@pytest.mark.parametrize("kind", PLATFORMS)
def test_letters_are_drawn_without_others(kind: str) -> None:
    records = registered(kind, {"session_key": {"length": 64}})
    (made,) = (one for one in records if one.type.endswith(":RandomPassword"))
    assert (made.name, made.inputs["length"], made.inputs["special"]) == ("generated-session-key", 64, False)
    assert text(records, "given-session-key") == "generated-generated-session-key", "what the provider made"


@pytest.mark.parametrize("kind", PLATFORMS)
def test_two_applications_have_one_secret(kind: str) -> None:
    records = registered(kind, {"session_key": {}})
    (secret,) = (one for one in records if one.type.rpartition(":")[2] == "Secret")
    value = secret.inputs.get("data") or secret.inputs["stringData"]
    assert set(value) == {SECRET_MARK}, "a secret for the engine, so that it is never printed"
    name = secret.outputs.get("name") or secret.outputs["metadata"]["name"]
    assert {one.name for one in records if f"'{name}'" in str(one.inputs) and one.custom} >= {"web", "api"}


@pytest.mark.parametrize("kind", PLATFORMS)
def test_an_unnamed_secret_is_made_and_kept(kind: str) -> None:
    records = registered(kind, {"session_key": {}, "next_key": {"form": "hex"}})
    assert {one.name for one in records if one.type.startswith("random:")} == {
        "generated-session-key",
        "generated-next-key",
    }
    assert not [one for one in records if one.name == "given-next-key"]


@pytest.mark.parametrize("kind", PLATFORMS)
def test_a_stack_without_them_has_nothing_more(kind: str) -> None:
    records = registered(kind, {}, secrets={"session_key": "0123456789"})
    assert not [one for one in records if one.name == "generated" or one.type.startswith("random:")]
