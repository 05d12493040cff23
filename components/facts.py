"""The facts of a contract, and texts that name them in braces: `postgresql://{user}:{password}@{host}:{port}/{name}`."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from string import Formatter
from urllib.parse import quote

import pulumi

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]*\Z")
"""What stands before a place inside a URL."""


class FactType(Enum):
    """What a fact is, and so how it is written where it stands."""

    HOST = "host"
    """A DNS name or an address."""
    HOSTS = "hosts"
    """Several, with or without a port, with commas between them."""
    PORT = "port"
    NUMBER = "number"
    TEXT = "text"
    URL = "url"
    """A whole URL without a secret."""
    PASSWORD = "password"
    SECRET_URL = "secret url"
    """A whole URL with a secret in it."""
    FILE = "file"
    """The path at which the contract's file is mounted."""

    @property
    def secret(self) -> bool:
        """Whether a text that holds it is a secret."""
        return self in (FactType.PASSWORD, FactType.SECRET_URL)


_AS_IT_IS = frozenset(
    {FactType.HOST, FactType.HOSTS, FactType.PORT, FactType.NUMBER, FactType.URL, FactType.SECRET_URL}
)
"""Types whose values have no character that means something else in a URL, or are one."""


@dataclass(frozen=True)
class _Place:
    """A fact's name in a text, and what surrounds it there."""

    fact: str
    in_url: bool
    in_json: bool

    def written(self, value: str, type_: FactType) -> str:
        """The value as it has to stand at this place."""
        if type_ in _AS_IT_IS:
            return value
        if self.in_url:
            return quote(value, safe="/" if type_ is FactType.FILE else "")
        return json.dumps(value, ensure_ascii=False)[1:-1] if self.in_json else value


class FactText:
    """A text with names of facts in braces; `{{` and `}}` stand for braces themselves.

    A value is percent-encoded inside a URL, escaped inside JSON (a text that begins with a brace or a bracket), and
    stands as it is in any other text. Raises ValueError for a text that is not of this form.
    """

    def __init__(self, text: str) -> None:
        self._parts = tuple(_parts(text))
        if self._is_json():
            try:
                json.loads("".join(part if isinstance(part, str) else "1" for part in self._parts))
            except ValueError:
                raise ValueError("begins like JSON and is not JSON once the facts are filled in") from None

    @property
    def facts(self) -> tuple[str, ...]:
        """The names of facts in it, in their order."""
        return tuple(dict.fromkeys(part.fact for part in self._parts if isinstance(part, _Place)))

    @property
    def only(self) -> str | None:
        """The fact that is the whole text, if it is one."""
        return self.facts[0] if len(self._parts) == 1 and self.facts else None

    def filled(self, values: Mapping[str, str], types: Mapping[str, FactType]) -> str:
        """The text with every value as it has to stand at its place."""
        return "".join(
            part if isinstance(part, str) else part.written(values[part.fact], types[part.fact]) for part in self._parts
        )

    def _is_json(self) -> bool:
        return any(isinstance(part, _Place) and part.in_json for part in self._parts)


def _parts(text: str) -> Iterator[str | _Place]:
    try:
        parsed = [(literal, name, spec, conversion) for literal, name, spec, conversion in Formatter().parse(text)]
    except ValueError:
        raise ValueError("has a brace without its partner; write `{{` or `}}` for a brace itself") from None
    before = ""
    for literal, name, spec, conversion in parsed:
        if literal:
            before += literal
            yield literal
        if name is None:
            continue
        if spec or conversion or not _NAME.fullmatch(name):
            raise ValueError(
                "has braces around what is not a fact's name (a-z, 0-9 and _); write `{{` or `}}` for a brace itself"
            )
        in_json = before.lstrip()[:1] in ("{", "[")
        yield _Place(fact=name, in_url=_IN_URL.search(before) is not None, in_json=in_json)
        before += "x://x" if name.endswith("url") and not _IN_URL.search(before) else "x"


def fact_text(text: str) -> str:
    """The text, if it is of the form and names a fact. Raises ValueError otherwise."""
    if not FactText(text).facts:
        raise ValueError("names no fact in braces; a plain text belongs under `env` of the app")
    return text


def filled(
    text: str, values: Mapping[str, pulumi.Input[str]], types: Mapping[str, FactType]
) -> str | pulumi.Output[str]:
    """The one way from a text with facts to its value: plain, or a secret where a fact in it is one."""
    parsed = FactText(text)
    named = {fact: values[fact] for fact in parsed.facts}
    plain = {fact: value for fact, value in named.items() if isinstance(value, str)}
    if len(plain) == len(named) and not any(types[fact].secret for fact in named):
        return parsed.filled(plain, types)
    together: pulumi.Output[str] = pulumi.Output.all(**named).apply(lambda known: parsed.filled(known, types))
    return pulumi.Output.secret(together)
