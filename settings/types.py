"""Units and names, parsed once.

Each unit reads the text a person writes (`500m`, `1Gi`, `30s`) and holds the plain number that the words carry. Where
code constructs settings an `int` is that number already; a stack file must say its units (`FROM_A_PERSON`).
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from settings.references import (
    command,
    dns_name,
    host_and_port,
    http_url,
    image_ref,
    process_text,
    writable_directory,
)

FROM_A_PERSON = {"from": "a person"}
"""The validation context of what a person wrote."""

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


def size_text(number: int) -> str:
    """Bytes as a person writes them: `512Mi`."""
    units = {"Ti": 2**40, "Gi": 2**30, "Mi": 2**20, "Ki": 2**10}
    fitting = next((unit for unit, size in units.items() if number and number % size == 0), None)
    return f"{number // units[fitting]}{fitting}" if fitting else f"{number} byte{'s' if number != 1 else ''}"


def shown_in_units(text: object, value: object, number: int) -> str | None:
    """`number` in the unit in which `text` means `value`; None where no unit does, or more than one."""
    found = []
    for parse, show in _SHOWN.items():
        try:
            found += [show(number)] if parse(text) == value else []
        except ValueError:
            continue
    return found[0] if len(found) == 1 and isinstance(text, str) else None


_SHOWN: dict[Callable[[object], int], Callable[[int], str]] = {
    cpu_millis: lambda number: f"{number}m",
    memory_bytes: size_text,
    milliseconds: duration_text,
    whole_seconds: lambda number: duration_text(number * 1000),
}


@dataclass(frozen=True)
class Unit:
    """Reads a person's text with `parse`; from code, an int is in the base unit."""

    parse: Callable[[object], int]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_before_validator_function(self._read, handler(source))

    def _read(self, value: object, info: ValidationInfo) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and info.context != FROM_A_PERSON:
            return value
        return self.parse(value)

    def show(self, number: int) -> str:
        """The number as a person writes it."""
        return _SHOWN[self.parse](number)


CpuMillis = Annotated[
    int,
    Unit(cpu_millis),
    WithJsonSchema({"type": ["string", "number"], "pattern": r"^(\d+(\.\d{1,3})?|\d+m)$", "examples": ["500m", "2"]}),
]
"""CPU, in thousandths of a core."""

MemoryBytes = Annotated[
    int,
    Unit(memory_bytes),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(Ki|Mi|Gi|Ti|k|M|G|T)$", "examples": ["512Mi", "2Gi"]}),
]
"""Memory, disk or body size, in bytes."""

_DURATION_SCHEMA = WithJsonSchema(
    {"type": "string", "pattern": r"^(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$", "minLength": 2, "examples": ["5s", "1h30m"]}
)
Seconds = Annotated[int, Unit(whole_seconds), _DURATION_SCHEMA]
"""A duration, in whole seconds."""

Milliseconds = Annotated[int, Unit(milliseconds), _DURATION_SCHEMA]
"""A duration, in milliseconds."""

PortNumber = Annotated[int, Field(ge=1, le=65535, strict=True)]
"""A TCP port."""

DeviceName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
"""A kind of device: `gpu`."""

PortName = Annotated[str, StringConstraints(pattern=r"^[a-z](-?[a-z0-9])*$", max_length=15)]
"""The name of a port, as Kubernetes takes it."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,22}[a-z0-9])?$")]
"""A DNS label of at most 24 characters: service names are put together from these and must fit in 63."""

Hostname = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$")]
"""The name of a host, as `docker node ls` shows it."""


def _network(text: object) -> str:
    try:
        network = str(ipaddress.ip_network(str(text)))
    except ValueError:
        raise ValueError("is not an address range such as `10.0.0.0/8` (no host bits set)") from None
    if "%" in network:
        raise ValueError("names an interface of one host; write the address range without `%...`")
    return network


Network = Annotated[str, BeforeValidator(_network)]
"""An address or an address range."""

SecretName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
"""The name of a given secret (a key of `ha-platform:secrets`). Docker takes 64 characters, and the platform adds 14."""

RequestPath = Annotated[str, StringConstraints(pattern=r"^/[A-Za-z0-9._~/?&=:+@,%-]*$", max_length=200)]
"""The path of a request, with its query. It ends up in configurations: no character of it can change their meaning."""

Percent = Annotated[int, Field(ge=1, le=100, strict=True)]
"""1 to 100."""

ImageRef = Annotated[
    str,
    StringConstraints(max_length=512),
    AfterValidator(image_ref),
    WithJsonSchema({"type": "string", "maxLength": 512, "examples": ["registry.example.com/team/web:1.4.2"]}),
]
"""`registry/repository:tag` with a tag or a digest, never a bare name (its meaning would change under us)."""

DnsName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", max_length=253),
    AfterValidator(dns_name),
]
"""A DNS name in lower case, without a port."""

HostPort = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+:[0-9]{1,5}$"), AfterValidator(host_and_port)]
"""`host:port`."""

HttpUrl = Annotated[
    str, StringConstraints(pattern=r"^https?://[\x21-\x7e]+$", max_length=500), AfterValidator(http_url)
]
"""An http(s) URL without a user and password."""

AbsolutePath = Annotated[str, StringConstraints(pattern=r"^(/[A-Za-z0-9._-]+)+$", max_length=200)]
"""An absolute path inside the container."""

WritableDirectory = Annotated[AbsolutePath, AfterValidator(writable_directory)]
"""A directory inside the container that may be empty at every start."""

EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
"""The name of an environment variable, as every shell takes it."""

ProcessText = Annotated[str, AfterValidator(process_text)]
"""A variable's value or an argument, kept as it is written: empty, with spaces around it, with its last newline."""

Command = Annotated[tuple[ProcessText, ...], Field(min_length=1, max_length=64), AfterValidator(command)]
"""A program and its arguments."""
