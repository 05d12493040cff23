"""The random provider: values that are generated once and live in the state only.

Every input is force-new, as in the real provider. `bcryptHash` of a password is not computed.
"""

# ruff: noqa: ARG002 - the interface fixes the arguments
from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.engine.providers.base import Diff, Provider, ProviderError
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value, diff, plain

# The set the real provider draws from when override_special is not given.
_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_LETTERS_AND_DIGITS = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: its inputs (`length`: the required one), what is known only afterwards, and how that is made."""

    length: str
    optional: tuple[str, ...]
    computed: tuple[str, ...]
    make: Callable[[Properties], tuple[str, Properties]]
    secret: tuple[str, ...] = ()
    defaults: Callable[[Properties], Properties] = lambda _: {}


def _password_defaults(inputs: Properties) -> Properties:
    least = dict.fromkeys(("minLower", "minUpper", "minNumeric", "minSpecial"), 0)
    always = dict.fromkeys(("lower", "upper", "numeric", "number"), True)
    return {**always, "special": inputs.get("special") is not False, **least}


def _password(inputs: Properties) -> tuple[str, Properties]:
    drawn_from = _LETTERS_AND_DIGITS + (_SPECIAL if inputs.get("special") is not False else "")
    return "none", {"result": "".join(secrets.choice(drawn_from) for _ in range(inputs["length"]))}


def _id(inputs: Properties) -> tuple[str, Properties]:
    data = secrets.token_bytes(inputs["byteLength"])
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return url, {
        "hex": data.hex(),
        "dec": str(int.from_bytes(data, "big")),
        "b64Url": url,
        "b64Std": base64.b64encode(data).decode(),
    }


def _bytes(inputs: Properties) -> tuple[str, Properties]:
    data = secrets.token_bytes(inputs["length"])
    encoded = base64.b64encode(data).decode()
    return encoded, {"base64": encoded, "hex": data.hex()}


KINDS: Mapping[str, Kind] = {
    "random:index/randomPassword:RandomPassword": Kind(
        "length", ("special",), ("result",), _password, secret=("result",), defaults=_password_defaults
    ),
    "random:index/randomId:RandomId": Kind("byteLength", ("keepers",), ("hex", "dec", "b64Url", "b64Std"), _id),
    "random:index/randomBytes:RandomBytes": Kind("length", (), ("base64", "hex"), _bytes, secret=("base64", "hex")),
}


class RandomProvider(Provider):
    """Serves `KINDS`."""

    types = frozenset(KINDS)

    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:
        kind = KINDS[type]
        for key in new_inputs:
            if key not in (kind.length, *kind.optional, "__defaults"):
                raise ProviderError(f"{type} {name!r}: {key}: not an input the sandbox engine knows for this type")
        length = plain(new_inputs.get(kind.length))
        if length is None:
            raise ProviderError(f"{type} {name!r}: {kind.length}: required")
        if length is not UNKNOWN and not (isinstance(length, int) and length > 0):
            raise ProviderError(f"{type} {name!r}: {kind.length}: expected a whole number above 0, got {length!r}")
        return new_inputs

    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:
        return Diff({path: replace(c, replace=True) for path, c in diff(old_inputs, new_inputs).items()})

    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:
        kind = KINDS[type]
        given = {key: value for key, value in inputs.items() if value is not None and key != "__defaults"}
        if preview:
            made: tuple[Value, Properties] = UNKNOWN, dict.fromkeys(kind.computed, UNKNOWN)
        else:
            made = kind.make(plain(given))
        id, computed = made
        hidden = {key: Secret(value) if key in kind.secret else value for key, value in computed.items()}
        return id, {**given, **kind.defaults(plain(given)), **hidden, "id": id}

    def update(
        self,
        urn: str,
        type: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        return old_outputs

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:
        return outputs

    def live(self, type: str, id: str, inputs: Properties) -> Properties | None:
        return inputs

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties) -> None:
        """There is nothing but the state."""

    def find(self, type: str, inputs: Properties) -> str | None:
        return None
