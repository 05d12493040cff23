"""The random provider: values that are generated once and live in the state only.

Every input is force-new, as in the real provider. `bcryptHash` of a password is not computed.
"""

# ruff: noqa: ARG002 - the interface fixes the arguments
from __future__ import annotations

import base64
import secrets
import string
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox.engine.providers.base import Diff, Provider, ProviderError
from sandbox.engine.values import UNKNOWN, Properties, Secret, Value, diff, plain

# The set the real provider draws from when override_special is not given.
_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES = {"Lower": string.ascii_lowercase, "Upper": string.ascii_uppercase, "Numeric": string.digits}


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: its inputs (required ones first), what is known only afterwards, and how that is made."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    computed: tuple[str, ...]
    make: Callable[[Properties], tuple[str, Properties]]
    secret: tuple[str, ...] = ()
    defaults: Callable[[Properties], Properties] = lambda _: {}


def _text_defaults(inputs: Properties) -> Properties:
    numeric = inputs.get("numeric", inputs.get("number"))
    flags = {key: inputs.get(key) is not False for key in ("lower", "upper", "special")}
    least = {key: inputs.get(key) or 0 for key in ("minLower", "minUpper", "minNumeric", "minSpecial")}
    return {**flags, **least, "numeric": numeric is not False, "number": numeric is not False}


def _text(inputs: Properties) -> str:
    options = {**inputs, **_text_defaults(inputs)}
    special = options.get("overrideSpecial") or _SPECIAL
    classes = {**_CLASSES, "Special": special}
    used = {name: chars for name, chars in classes.items() if options[name.lower()]}
    if not used:
        raise ProviderError("random: at least one of lower, upper, numeric and special must stay true")
    drawn = [secrets.choice(classes[name]) for name in classes for _ in range(options[f"min{name}"])]
    everything = "".join(used.values())
    drawn += [secrets.choice(everything) for _ in range(options["length"] - len(drawn))]
    secrets.SystemRandom().shuffle(drawn)
    return "".join(drawn)


def _password(inputs: Properties) -> tuple[str, Properties]:
    return "none", {"result": _text(inputs)}


def _string(inputs: Properties) -> tuple[str, Properties]:
    result = _text(inputs)
    return result, {"result": result}


def _id(inputs: Properties) -> tuple[str, Properties]:
    data = secrets.token_bytes(inputs["byteLength"])
    prefix = inputs.get("prefix") or ""
    url = base64.urlsafe_b64encode(data).decode().rstrip("=")
    return url, {
        "hex": prefix + data.hex(),
        "dec": prefix + str(int.from_bytes(data, "big")),
        "b64Url": prefix + url,
        "b64Std": prefix + base64.b64encode(data).decode(),
    }


def _bytes(inputs: Properties) -> tuple[str, Properties]:
    data = secrets.token_bytes(inputs["length"])
    encoded = base64.b64encode(data).decode()
    return encoded, {"base64": encoded, "hex": data.hex()}


def _uuid(_: Properties) -> tuple[str, Properties]:
    result = str(uuid.uuid4())
    return result, {"result": result}


def _integer(inputs: Properties) -> tuple[str, Properties]:
    result = inputs["min"] + secrets.randbelow(inputs["max"] - inputs["min"] + 1)
    return str(result), {"result": result}


_TEXT_OPTIONS = (
    *("keepers", "lower", "upper", "numeric", "number", "special", "overrideSpecial"),
    *("minLower", "minUpper", "minNumeric", "minSpecial"),
)
_STRING = Kind(("length",), _TEXT_OPTIONS, ("result",), _string, defaults=_text_defaults)
KINDS: Mapping[str, Kind] = {
    "random:index/randomPassword:RandomPassword": replace(_STRING, make=_password, secret=("result",)),
    "random:index/randomString:RandomString": _STRING,
    "random:index/randomId:RandomId": Kind(
        ("byteLength",), ("keepers", "prefix"), ("hex", "dec", "b64Url", "b64Std"), _id
    ),
    "random:index/randomBytes:RandomBytes": Kind(
        ("length",), ("keepers",), ("base64", "hex"), _bytes, secret=("base64", "hex")
    ),
    "random:index/randomUuid:RandomUuid": Kind((), ("keepers",), ("result",), _uuid),
    "random:index/randomInteger:RandomInteger": Kind(("min", "max"), ("keepers",), ("result",), _integer),
}


class RandomProvider(Provider):
    """Serves `KINDS`."""

    types = frozenset(KINDS)

    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:
        kind = KINDS[type]
        known = {*kind.required, *kind.optional}
        for key in new_inputs:
            if key not in known and key != "__defaults":
                raise ProviderError(f"{type} {name!r}: {key}: not an input the sandbox engine knows for this type")
        inputs = plain(new_inputs)
        for key in kind.required:
            if inputs.get(key) is None:
                raise ProviderError(f"{type} {name!r}: {key}: required")
            if inputs[key] is not UNKNOWN and not (isinstance(inputs[key], int) and (inputs[key] > 0 or key == "min")):
                raise ProviderError(f"{type} {name!r}: {key}: expected a whole number above 0, got {inputs[key]!r}")
        least = sum(value for key, value in inputs.items() if key.startswith("min") and isinstance(value, int))
        if "length" in inputs and inputs["length"] is not UNKNOWN and least > inputs["length"]:
            raise ProviderError(
                f"{type} {name!r}: length: {inputs['length']} is less than the sum {least} of the min_* inputs"
            )
        if "max" in inputs and UNKNOWN not in (inputs["min"], inputs["max"]) and inputs["max"] < inputs["min"]:
            raise ProviderError(f"{type} {name!r}: max: {inputs['max']} is less than min {inputs['min']}")
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
