"""Texts of env, args and commands arrive as they are written."""

import pytest

from components.app_tier.settings import AppTierSettings
from settings.load import load

KEY = "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n"
TEXTS = ["\n\n###\n\n", " ", "", "  a\t", KEY, "é\u2028😀", "{{.Node.Hostname}}", "$HOME `x` \\n", "'\""]
APP = {"image": "registry.example.com/x/web:1.0.0", "port": 8000}


@pytest.mark.parametrize("text", TEXTS)
def test_no_character_is_lost(text: str) -> None:
    document = {**APP, "env": {"A": text}, "args": [text, text], "command": ["run", text]}
    loaded = load(AppTierSettings, document, root="app")
    assert not loaded.faults
    assert (loaded.sound.env, loaded.sound.args, loaded.sound.command) == ({"A": text}, (text, text), ("run", text))


@pytest.mark.parametrize("character", ["\0", "\x1b", "\x7f", "\x0b"])
def test_control_characters_are_refused_and_not_shown(character: str) -> None:
    (fault,) = load(AppTierSettings, {**APP, "env": {"A": f"ab{character}"}}, root="app").faults
    assert (fault.path, fault.rule) == ("app.env.A", f"has the control character U+{ord(character):04X} at place 3")


@pytest.mark.parametrize("name", ["lower", "_X", "Mixed_1"])
def test_names_of_variables(name: str) -> None:
    assert not load(AppTierSettings, {**APP, "env": {name: "x"}}, root="app").faults


@pytest.mark.parametrize("name", ["1A", "A-B", "A.B", "", " A", "É"])
def test_other_names_of_variables(name: str) -> None:
    assert load(AppTierSettings, {**APP, "env": {name: "x"}}, root="app").faults
