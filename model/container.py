"""What runs in one container of any word: image, process, files, limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from model.config_file import ConfigRef
from model.image import Image
from model.resources import Resources
from model.secret import SecretRef
from model.security import Security
from model.shared_volume import SharedMount
from model.stop import Stop
from model.units import MIB

SCRATCH_BYTES = 64 * MIB
"""The size of a writable directory for which nobody asked another one."""


@dataclass(frozen=True, kw_only=True)
class File:
    """A secret or configuration file mounted read-only at the absolute `path`.

    All files of one directory are mounted together and hide what the image has in that directory, unless a file is
    `alone`: then it hides nothing but an image's file of the same path. Secrets are readable by the image's uid and gid
    alone (0440), configuration by everybody (0444).
    """

    path: str
    source: SecretRef | ConfigRef
    alone: bool = False


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """A writable directory that is empty at every start, on memory or node disk, of at most `size_bytes`."""

    path: str
    size_bytes: int = SCRATCH_BYTES


@dataclass(frozen=True, kw_only=True)
class Container:
    """One container.

    `command` replaces the image's entrypoint and `args` its command; empty keeps the image's own. `env` holds plain
    text only: its type refuses a generated password. Inside Members, `env`, `command` and `args` may use
    `$(MEMBER_NAME)` (`<members>-<ordinal>`), `$(MEMBER_HOST)` (its DNS name) and `$(MEMBER_ORDINAL)`.
    `secret_env` is for applications that read only variables: a launcher exports each file's content under the
    variable's name and then runs the command, so that no service, pod or inspect output holds the value; it needs
    `command` and a `sh` in the image. Checks that are commands run with the same variables.
    `/tmp` is always writable: `scratch` may name it to give it another size. `shm_bytes` is the size of /dev/shm, in
    memory that counts against the container's limit; without it the platform's own applies (64 MiB). `devices` are
    reserved for the container alone, so many of each kind (`gpu`).
    """

    image: Image
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, SecretRef] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    scratch: tuple[Scratch, ...] = ()
    shared: tuple[SharedMount, ...] = ()
    shm_bytes: int | None = None
    resources: Resources
    devices: Mapping[str, int] = field(default_factory=dict)
    security: Security = Security()
    stop: Stop = Stop()
