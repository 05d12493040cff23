"""Texts that name something elsewhere, checked as what they become: images, hosts, URLs, directories.

Each function returns the text, or raises ValueError with the rule that it breaks.
"""

import re
from urllib.parse import urlsplit

LARGEST_PORT = 65535
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)
_PART = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)
_LONGEST_NAME = 255
"""Of registry and repository: what registries take (the grammar of github.com/distribution/reference)."""


def image_ref(text: str) -> str:
    """`registry/repository:tag`, `...@sha256:...`, or both in this order; the repository at least one part."""
    name, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ValueError("its digest is not `sha256:` and 64 hexadecimal digits, at the end")
    path, colon, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "")
    if not colon and not at:
        raise ValueError("needs a tag or a digest: `registry/repository:tag`, `registry/repository@sha256:...`")
    if colon and not _TAG.fullmatch(tag):
        raise ValueError("a tag has 1 to 128 of the characters A-Z, a-z, 0-9, _, . and -, and cannot start with . or -")
    return image_name(path) and text


def image_ref_or_pin(text: str) -> str:
    """A reference, or a plain name, which has none of the characters that only a reference has."""
    return image_ref(text) if re.search("[/:@]", text) else text


def image_name(text: str) -> str:
    """A registry and a repository, without a tag."""
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host_and_port(first, port_needed=False)
        parts = rest.split("/")
    else:
        parts = text.split("/")
    for part in parts:
        if not part:
            raise ValueError("has an empty part: two slashes, or one at its start or end")
        if ":" in part:
            raise ValueError("has a second tag, or a port in the wrong place")
        if not _PART.fullmatch(part):
            raise ValueError(f"its part {part!r} may have a-z and 0-9, with single . _ or - between them")
    if len(text) > _LONGEST_NAME:
        raise ValueError(f"its registry and repository have more than {_LONGEST_NAME} characters")
    return text


def registry(text: str) -> str:
    """`host[:port][/path]` of a registry."""
    first, slash, rest = text.partition("/")
    host_and_port(first, port_needed=False)
    if slash:
        image_name(f"localhost/{rest}")
    return text


def dns_name(text: str) -> str:
    """Labels of at most 63 characters with dots between them, 253 in all."""
    if len(text) > 253:
        raise ValueError("is longer than a DNS name may be (253 characters)")
    for label in text.split("."):
        if len(label) > 63:
            raise ValueError(f"its label {label[:12]}... is longer than 63 characters")
        if not _LABEL.fullmatch(label):
            raise ValueError(f"its label {label!r} may have letters, digits and dashes, and no dash at its ends")
    return text


def host_and_port(text: str, *, port_needed: bool = True) -> str:
    """`host:port`, the port 1 to 65535."""
    host, colon, port = text.partition(":")
    if (colon or port_needed) and (not _PORT.fullmatch(port) or not 1 <= int(port) <= LARGEST_PORT):
        raise ValueError(f"its port is not a number from 1 to {LARGEST_PORT}")
    dns_name(host)
    return text


def host_with_or_without_port(text: str) -> str:
    """`host` or `host:port`."""
    return host_and_port(text, port_needed=False)


def http_url(text: str) -> str:
    """An http or https URL without a user and password."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.netloc:
        raise ValueError("is not a URL that starts with http:// or https:// and a host")
    if "@" in url.netloc:
        raise ValueError("has a user or password in it: give such a URL as a secret")
    if url.netloc.startswith("["):
        raise ValueError("has an IPv6 address: name a host or an IPv4 address")
    host_and_port(url.netloc, port_needed=False)
    return text


def docker_host(text: str) -> str:
    """`unix:///path`, or `tcp://` and `ssh://` with a host."""
    scheme, _, rest = text.partition("://")
    if scheme == "unix":
        return text
    authority = rest.partition("/")[0].rpartition("@")[2]
    if not authority.startswith("["):  # an IPv6 address: the client judges it
        host_and_port(authority, port_needed=False)
    return text


def label_key(text: str) -> str:
    """The key of a Kubernetes label: its prefix, if it has one, is a DNS name."""
    prefix, slash, _ = text.rpartition("/")
    if slash:
        dns_name(prefix)
    return text


def extended_resource(text: str) -> str:
    """What a Kubernetes device plugin offers; `kubernetes.io` is the cluster's own."""
    prefix = text.rpartition("/")[0]
    dns_name(prefix)
    if prefix == "kubernetes.io" or prefix.endswith(".kubernetes.io"):
        raise ValueError("is not a device: names below `kubernetes.io` are the cluster's own")
    return text


def process_text(text: str) -> str:
    """A text that a process can be given as argument or variable: no NUL, no control characters but tab and line
    breaks."""
    for position, character in enumerate(text):
        if (character < " " and character not in "\t\n\r") or character == "\x7f":
            raise ValueError(f"has the control character U+{ord(character):04X} at place {position + 1}")
    return text


def command(words: tuple[str, ...]) -> tuple[str, ...]:
    """A program with a name; its arguments may be empty."""
    if words and not words[0].strip():
        raise ValueError("its first word is empty: it names the program")
    return words


_OF_THE_SYSTEM = ("/proc", "/sys", "/dev", "/run/secrets")
_OF_THE_IMAGE = ("/bin", "/boot", "/etc", "/lib", "/lib64", "/sbin", "/usr")


def writable_directory(text: str) -> str:
    """A directory that may be empty at every start: not of the kernel, the secrets or the image's own programs."""
    parts = text.split("/")
    if text == "/" or "." in parts or ".." in parts:
        raise ValueError("is not a directory below `/` written in full, without `.` and `..`")
    if any(text == path or text.startswith(f"{path}/") for path in _OF_THE_SYSTEM):
        raise ValueError("belongs to the system: nothing else can be mounted there")
    if text in _OF_THE_IMAGE:
        raise ValueError("holds the image's own files, which an empty directory would hide; name one below it")
    return text
