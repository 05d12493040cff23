"""Texts with facts: a value is written as the place where it stands needs it."""

import json
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.facts import FactText, FactType, fact_text

TYPES = {
    "host": FactType.HOST,
    "hosts": FactType.HOSTS,
    "port": FactType.PORT,
    "user": FactType.TEXT,
    "password": FactType.PASSWORD,
    "url": FactType.SECRET_URL,
    "ca_file": FactType.FILE,
}
VALUES = {
    "host": "db.example.com",
    "hosts": "a:1,b:2",
    "port": "5432",
    "user": "us@er",
    "password": 'p:/?#&"\\ %',
    "url": "redis://:x@y:1/0",
    "ca_file": "/run/secrets/a b.crt",
}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{host}", "db.example.com"),
        ("{password}", 'p:/?#&"\\ %'),
        ("host={host} user={user}", "host=db.example.com user=us@er"),
        ("x://{user}@{host}:{port}", "x://us%40er@db.example.com:5432"),
        ("jdbc:x://{host}/?password={password}", "jdbc:x://db.example.com/?password=p%3A%2F%3F%23%26%22%5C%20%25"),
        ("x://:{password}@{hosts}", "x://:p%3A%2F%3F%23%26%22%5C%20%25@a:1,b:2"),
        ("x://{host}?ca={ca_file}", "x://db.example.com?ca=/run/secrets/a%20b.crt"),
        ("{ca_file}", "/run/secrets/a b.crt"),
        ("x://{user}@{host};x://{user}@{host}", "x://us%40er@db.example.com;x://us%40er@db.example.com"),
        ("-Durl=x://{host}?u={user} -Duser={user}", "-Durl=x://db.example.com?u=us%40er -Duser=us@er"),
        ("{url}?user={user}", "redis://:x@y:1/0?user=us%40er"),
        ('{{"p": "{password}", "n": {port}}}', '{"p": "p:/?#&\\"\\\\ %", "n": 5432}'),
        ('["x://{user}@{host}", "{user}"]', '["x://us%40er@db.example.com", "us@er"]'),
        ("<{{{host}}}>", "<{db.example.com}>"),
    ],
)
def test_a_value_is_written_for_its_place(text: str, meant: str) -> None:
    assert FactText(text).filled(VALUES, TYPES) == meant


@given(password=st.text(max_size=30), user=st.text(min_size=1, max_size=30))
def test_whatever_the_value_a_reader_of_urls_and_json_gets_it_back(password: str, user: str) -> None:
    values = VALUES | {"password": password, "user": user}
    url = urlsplit(FactText("x://{user}:{password}@{host}:{port}/n?p={password}").filled(values, TYPES))
    assert (unquote(url.username or ""), unquote(url.password or "")) == (user, password)
    assert (url.hostname, url.port, unquote(url.query)) == ("db.example.com", 5432, f"p={password}")
    assert json.loads(FactText('{{"p": "{password}"}}').filled(values, TYPES)) == {"p": password}
    assert FactText("{password}").filled(values, TYPES) == password


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{host", "brace without its partner"),
        ("host}", "brace without its partner"),
        ("{}", "not a fact's name"),
        ("{Host}", "not a fact's name"),
        ("{host!r}", "not a fact's name"),
        ("{host:5}", "not a fact's name"),
        ("{host.x}", "not a fact's name"),
        ("plain", "names no fact"),
        ("{{plain}}", "names no fact"),
        ('{{"a": {host}', "not JSON"),
        ("{{{host}}}", "not JSON"),
    ],
)
def test_what_is_not_such_a_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fact_text(text)
