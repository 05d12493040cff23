"""Rendered certificates, made real: what the recorded inputs say, by the sandbox engine's own provider."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.engine.providers.tls import KINDS
from sandbox.engine.values import plain
from tests.mock_engine import SECRET_MARK, Recorded

_MADE = ("privateKeyPem", "certRequestPem", "certPem")


def issued(
    found: list[Recorded],
    *,
    name: Callable[[str], str] = str,
    addresses: tuple[str, ...] = (),
    known: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """Text that stands for a key or a certificate in what is rendered -> the real one.

    `name` turns the name of a host into the one that it has here; `addresses` are in every certificate of a server.
    `known` is what was made before, of an authority that is not among `found`.
    """
    left = [one for one in found if one.type.startswith("tls:")]
    real: dict[str, str] = dict(known)
    while left:
        for one in left:
            inputs = _with(one.inputs, real)
            if any(text.startswith("<") for text in _texts(inputs)):
                continue
            if "dnsNames" in inputs:
                inputs["dnsNames"] = [name(host) for host in inputs["dnsNames"]]
                inputs["ipAddresses"] = [*inputs["ipAddresses"], *addresses]
            _, outputs = KINDS[one.type].make(plain(inputs), one.name)
            real |= {
                _clear(one.outputs[key]): plain(outputs[key]) for key in _MADE if key in outputs and key in one.outputs
            }
            left = [other for other in left if other is not one]
            break
        else:
            raise AssertionError(f"nothing makes what {left[0].name} needs")
    return real


def with_certificates(text: str, real: Mapping[str, str]) -> str:
    """The text of a file with the real ones in it."""
    for stands, pem in real.items():
        text = text.replace(stands, pem)
    return text


def _with(value: Any, real: Mapping[str, str]) -> Any:
    value = _clear(value)
    if isinstance(value, dict):
        return {key: _with(item, real) for key, item in value.items()}
    if isinstance(value, list):
        return [_with(item, real) for item in value]
    return real.get(value, value) if isinstance(value, str) else value


def _texts(inputs: dict[str, Any]) -> list[str]:
    return [value for value in inputs.values() if isinstance(value, str)]


def _clear(value: Any) -> Any:
    return value[SECRET_MARK] if isinstance(value, dict) and SECRET_MARK in value else value
