"""YAML spellings and what the program sees.

The right-hand sides were read by the Pulumi CLI's own code (github.com/pulumi/pulumi/sdk/v3 v3.274.1,
`workspace.LoadProjectStackBytes`, then `config.Map.Decrypt`), whose library is gopkg.in/yaml.v3 v3.0.1 (`resolve.go`,
`decode.go`); then by Python's `json.loads`, as the program does.
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.document import BadDocument, changed_by_the_cli, dates, ordered, read_document

SCALARS: dict[str, Any] = {
    "on": "on", "yes": "yes", "no": "no", "off": "off", "y": "y", "N": "N", "tRUE": "tRUE",
    "true": True, "True": True, "TRUE": True, "false": False,
    "~": None, "": None, "null": None, "NULL": None, "nULL": "nULL",
    "08": 8, "010": 8, "0777": 511, "0888": 888, "0o17": 15, "0O17": 15, "-0o17": -15, "0o-7": -7, "0b101": 5,
    "0x1F": 31, "-0x1f": -31, "+7": 7, "-0": 0, "00": 0, "1_000": 1000, "1_": 1, "_1": "_1", "0x_1F": 31,
    "0x": "0x", "0b2": "0b2", "9223372036854775807": 2**63 - 1,
    "1e3": 1000, "1.5e2": 150, "1.0": 1, "1.": 1, "1.5": 1.5, ".5": 0.5, "-.5": -0.5, ".5_0": 0.5, "._5": "._5",
    "09.5": 9.5, "1e-3": 0.001, "1e20": 10**20, "1e21": 1e21, "123456789012345678.0": 123456789012345680,
    "1e400": "1e400", "1e": "1e", ".e1": ".e1", "0x1p4": "0x1p4", "-0.0": 0,
    "1:30": "1:30", "190:20:30": "190:20:30", "8080:80": "8080:80", "20240102": 20240102, "127.0.0.1": "127.0.0.1",
    "30s": "30s", "1Gi": "1Gi", "=": "=", "inf": "inf", "NaN": "NaN", "1,000": "1,000", "<<": "<<",
    "'5'": "5", '"on"': "on", "!!str 5": "5", "!!str true": "true", "! 5": 5,
    "'  a  '": "  a  ", r'"a\x41\0"': "aA\0", "a://b#d": "a://b#d", "[a:1, b: 2, ~]": ["a:1", {"b": 2}, None],
    "|\n      a\n      b\n": "a\nb\n", "|-\n      a\n\n": "a",
    "|+\n      a\n": "a\n\n", ">\n      a\n      b\n": "a b\n",
}  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_a_value_is_what_the_cli_makes_of_it(text: str) -> None:
    value = read_document(f"config:\n  p:v:\n    x: {text}\n")["config"]["p:v"]["x"]
    assert (type(value), value) == (type(SCALARS[text]), SCALARS[text])


MAPS = {
    "a: {on: 1, NO: 2, y: 3}": {"a": {"on": 1, "NO": 2, "y": 3}},
    "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}": {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}},
    "a: &a {x: 1}\nb: {y: 3, <<: *a}": {"a": {"x": 1}, "b": {"x": 1, "y": 3}},
    "a: [&a {x: 1}, &b {x: 5, z: 6}]\nb: {<<: [*a, *b]}": {"a": [{"x": 1}, {"x": 5, "z": 6}], "b": {"x": 1, "z": 6}},
    "a: &a {x: {b: 1}}\nb: {<<: *a, x: {c: 1}}": {"a": {"x": {"b": 1}}, "b": {"x": {"c": 1}}},
    "a: &a [1, on]\nb: *a": {"a": [1, "on"], "b": [1, "on"]},
    "a: &a name\nb: {*a : 1}": {"a": "name", "b": {"name": 1}},
    "%YAML 1.1\n---\na: on\n...\n": {"a": "on"},
    "\ufeffa: 1\r\nb: |\r\n  x\r\n  y\r\n": {"a": 1, "b": "x\ny\n"},
}


@pytest.mark.parametrize("text", MAPS)
def test_maps_anchors_and_merges(text: str) -> None:
    assert read_document(text) == MAPS[text]


REFUSED = {
    "a: 1\nb: {c: 1}\nb: 2": ["line 3: b is in line 2 already"],
    "a: {x: 1, y: 1, x: 2}\nb: [{z: 1, z: 2}]": ["line 1: a.x is in line 1 already", "line 2: b[0].z is in line 2"],
    "a: &a {}\nb:\n  <<: *a\n  <<: *a": ["line 4: b.<< is in line 3 already"],
    "a: &a x\nb: {x: 1, *a : 2}": ["b.x is in line 2 already"],  # yaml.v3 compares the spelling only
    "a: {8080: 1, TRUE: 2, ~: 3}": ["the key `8080`", "the key `TRUE`", "the key `~`"],
    "a: {2024-01-02: 1}": ["`2024-01-02` is a date"],
    "a: {[b]: 1}": ["a list or a map as a key"],
    "a: 2024-01-02": ["a `2024-01-02` is a date in YAML, which arrives in another form: put it in quotes"],
    "a: [2024-1-2 03:04:05.25, 2024-01-02T03:04:05Z]": ["a[0] `2024-1-2", "a[1] `2024-01-02T"],
    "a: .inf": ["`.inf` is a number that"],
    "a: 9223372036854775808": ["beyond 64 bits"],
    "a: !!binary aGk=": ["has the tag"],
    "a: !foo {}": ["has the tag `!foo`"],
    r'a: "\uD83D"': ["half a character"],
    r'a: "\/"': ["line 1: is not YAML: found unknown escape character"],
    "a: &a\n  x: *a": ["line 1: a.x contains itself"],
    "a: {<<: 5}": ["a.<< takes a map"],
    "a: 1\n--- \nb: 2": ["line 2: is not YAML"],
    "a: \x01": ["line 1: is not YAML: the character U+0001"],
    "a: [": ["line 1: is not YAML"],
    "a: *b": ["line 1: is not YAML"],
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_would_not_arrive_is_refused_with_its_line_and_path(text: str) -> None:
    with pytest.raises(BadDocument) as bad:
        read_document(text)
    expected = REFUSED[text]
    assert len(bad.value.problems) == len(expected), "one sentence for each place"
    assert all(said in problem for said, problem in zip(expected, bad.value.problems, strict=True))


def test_aliases_of_aliases_end() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(BadDocument, match="more than 1000000 values"):
        read_document("\n".join(lines))


def test_keys_are_sorted_at_every_depth_and_lists_are_not() -> None:
    keys = list(ordered({"b": [{"d": 1, "c": 2}], "a": 1, "B": 1, "a10": 1, "a9": 1, "é": 1, "\U0001f600": 1}))
    assert keys == ["B", "a", "a10", "a9", "b", "é", "\U0001f600"], "as Go's JSON sorts them"
    assert list(ordered([{"d": 1, "c": 2}, 0])[0]) == ["c", "d"]


def test_texts_that_the_cli_does_not_keep() -> None:
    kept = {"a": "a\n\nb\n", "b": " \n", "c": "", "d": "\n".strip(), "e": ["\ta"]}
    assert not list(changed_by_the_cli(kept))
    assert list(changed_by_the_cli({"x": {"y": ["\n\n###", "\ta\nb"]}})) == ["x.y[0]", "x.y[1]"]


def test_a_date_that_the_cli_read() -> None:
    found = dates({"a": "2024-01-02 00:00:00 +0000 UTC", "b": ["2024-01-02 03:04:05.25 +0200 +0200", "2024-01-02"]})
    assert list(found) == ["a", "b[0]"]


@given(st.dictionaries(st.text(), st.one_of(st.text(), st.integers(-(2**63), 2**63 - 1), st.none(), st.booleans())))
def test_json_is_read_as_json(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    if "\\ud" not in text and "\\u007f" not in text and "\x7f" not in text:
        assert read_document(text) == document
