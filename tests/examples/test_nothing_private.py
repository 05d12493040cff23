"""An example holds no secret, and nothing that leads to a real machine or person."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.examples.example import EXAMPLES, Example

_KINDS = {
    "a URL with a password": r"[a-z][a-z0-9+.-]*://[^/\s:@]*:(?!\{password\}@)[^/\s@]+@",
    "a private key or certificate": r"-----BEGIN ",
    "a provider's key": r"\b(sk-[A-Za-z0-9]|xox[abp]-|gh[pousr]_|AKIA[0-9A-Z]{8}|AIza|glpat-)",
    "a web token": r"\beyJ[A-Za-z0-9_-]{10,}\.",
    "a bot's token": r"\b\d{8,10}:[A-Za-z0-9_-]{30,}",
    "a webhook with its secret": r"hooks\.slack\.com/|discord(app)?\.com/api/webhooks",
    "a key of random letters": r"(?<![A-Za-z0-9+/_-])(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[A-Z])"
    r"(?=[A-Za-z0-9+/_-]*[a-z])[A-Za-z0-9+/_-]{20,}={0,2}",
    "a default password": r"(?i)^(admin|root|postgres|password|passwd|change[-_ ]?me|secret|guest|admin123|hunter2)$",
}
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?\b")
_KNOWN = [
    ipaddress.IPv4Network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "10.244.0.0/16")
]
"""For documentation (RFC 5737), and the pod range that Kubernetes' installers choose by themselves."""
_WHOLE = {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8"}
"""All private addresses of a kind: they lead to nobody's machine."""
_HOST = re.compile(r"(?:://|@)([A-Za-z0-9.-]+)|^([A-Za-z0-9.-]+\.[A-Za-z0-9.-]+)(?::\d+)?/")
_PUBLIC = ("docker.io/", "docker.n8n.io/", "docker.langfuse.com/", "ghcr.io/", "registry.librechat.ai/")
"""Where the published systems' projects publish their images."""


def complaints(text: str) -> list[str]:
    """What is private about a text of a stack file."""
    found = [kind for kind, pattern in _KINDS.items() if re.search(pattern, text)]
    for address in _ADDRESS.findall(text):
        network = ipaddress.IPv4Network(address, strict=False)
        if address not in {"0.0.0.0", *_WHOLE} and not any(network.subnet_of(known) for known in _KNOWN):
            found.append("a real address")
    for first, second in _HOST.findall(text) if not text.startswith(_PUBLIC) else ():
        host = first or second
        if "." in host and not f".{host}".endswith(".example.com") and not _ADDRESS.fullmatch(host):
            found.append("a real host")
    return found


_OWN_KEYS = ("password", "secret", "postgres")
"""Of the stack file: what stands there is the name of a given secret, or a pinned image."""


def texts(value: Any) -> Iterator[str]:
    """Every key and every value of a document."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in _OWN_KEYS:
                yield str(key)
            yield from texts(item) if (key, item) != ("run_as", "root") else ()
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_an_example_holds_nothing_private(example: Example) -> None:
    read = list(texts(example.document()))
    assert len(read) > 50, "the file was read"
    assert {text: found for text in read if (found := complaints(text))} == {}
    comments = re.findall(r"#\s*(.+)$", example.path.read_text(), re.MULTILINE)
    assert {text: found for text in comments if (found := complaints(text))} == {}
    assert "ha-platform:secrets" not in example.document()["config"], "secrets are given, not committed"


@pytest.mark.parametrize(
    "text",
    [
        "postgresql+asyncpg://user:hunter2@db.example.com:5432/app",
        "-----BEGIN PRIVATE KEY-----",
        "sk-proj1234",
        "xoxb-1",
        "eyJhbGciOiJIUzI1NiJ9.x",
        "1234567890:" + "A" * 35,
        "https://hooks.slack.com/services/T0/B0/x",
        "dGhpcyBpcyBhIGtleSAxMjM0",
        "ChangeMe",
        "admin",
        "http://8.8.8.8/",
        "redis://192.168.1.5:6379",
        "https://chat.acme.org/webhook",
        "registry.acme.org/chat/web:1.0.0",
    ],
)
def test_what_is_private_is_found(text: str) -> None:
    assert complaints(text), "not found"
