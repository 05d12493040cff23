"""Units and names, parsed once.

Each type reads the text a person writes (`500m`, `1Gi`, `30s`) and holds the plain number that the words carry.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

_CPU = re.compile(r"(?P<cores>\d+(?:\.\d{1,3})?)|(?P<millis>\d+)m")
_MEMORY = re.compile(r"(?P<number>\d+)(?P<unit>Ki|Mi|Gi|Ti|k|M|G|T)")
_MEMORY_UNITS = {
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40,
    "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12,
}  # fmt: skip
_DURATION = re.compile(r"(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?(?:(?P<ms>\d+)ms)?")


def cpu_millis(text: object) -> int:
    """`1`, `0.5` (cores) or `500m`, as thousandths of a core."""
    match = _CPU.fullmatch(str(text)) if isinstance(text, (str, int, float)) and not isinstance(text, bool) else None
    if not match:
        raise ValueError("CPU is a number of cores (`0.5`, `2`) or thousandths (`500m`)")
    millis = int(match["millis"]) if match["millis"] else round(float(match["cores"]) * 1000)
    if not 10 <= millis <= 1_000_000:
        raise ValueError("CPU is between 10m and 1000 cores")
    return millis


def memory_bytes(text: object) -> int:
    """`512Mi`, `2Gi` (or decimal `512M`), as bytes."""
    match = _MEMORY.fullmatch(text) if isinstance(text, str) else None
    if not match:
        raise ValueError("a size is a whole number with a unit: `512Mi`, `2Gi`")
    return int(match["number"]) * _MEMORY_UNITS[match["unit"]]


def milliseconds(text: object) -> int:
    """`500ms`, `5s`, `2m`, `1h30m`, as milliseconds."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if not match:
        raise ValueError("a duration has units: `500ms`, `30s`, `5m`, `1h30m`")
    hours, minutes, seconds, millis = (int(match[unit] or 0) for unit in ("h", "m", "s", "ms"))
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis


def whole_seconds(text: object) -> int:
    """A duration of whole seconds, as seconds."""
    millis = milliseconds(text)
    if millis % 1000:
        raise ValueError("this duration is in whole seconds: `5s`, not `5500ms`")
    return millis // 1000


def duration_text(millis: int) -> str:
    """Milliseconds as a person writes them: `1h30m`."""
    parts, left = [], millis
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        number, left = divmod(left, size)
        parts += [f"{number}{unit}"] if number else []
    return "".join(parts) or "0s"


CpuMillis = Annotated[
    int,
    BeforeValidator(cpu_millis),
    WithJsonSchema({"type": ["string", "number"], "pattern": r"^(\d+(\.\d{1,3})?|\d+m)$", "examples": ["500m", "2"]}),
]
"""CPU, in thousandths of a core."""

MemoryBytes = Annotated[
    int,
    BeforeValidator(memory_bytes),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(Ki|Mi|Gi|Ti|k|M|G|T)$", "examples": ["512Mi", "2Gi"]}),
]
"""Memory, disk or body size, in bytes."""

_DURATION_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$", "minLength": 2, "examples": ["5s", "1h30m"]}
)
Seconds = Annotated[int, BeforeValidator(whole_seconds), _DURATION_SCHEMA]
"""A duration, in whole seconds."""

Milliseconds = Annotated[int, BeforeValidator(milliseconds), _DURATION_SCHEMA]
"""A duration, in milliseconds."""

PortNumber = Annotated[int, Field(ge=1, le=65535, strict=True)]
"""A TCP port."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$")]
"""A DNS label of at most 24 characters: service names are put together from these and must fit in 63."""

Hostname = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$")]
"""The name of a host, as `docker node ls` shows it."""

SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a given secret (a key of `ha-platform:secrets`)."""

RequestPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~/?&=:+@,%-]*$", max_length=200)]
"""The path of a request, with its query. It ends up in configurations: no character of it can change their meaning."""

Percent = Annotated[int, Field(ge=1, le=100, strict=True)]
"""1 to 100."""

ImageRef = Annotated[
    str,
    StringConstraints(
        # ASCII by name: `\w` and `\d` take letters and digits of every script, which no registry does.
        pattern=r"^(?:[a-z0-9.-]+(?::[0-9]+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*"
        r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}|@sha256:[0-9a-f]{64})+$",
        max_length=512,
    ),
]
"""`registry/repository:tag` with a tag or a digest, never a bare name (its meaning would change under us)."""
