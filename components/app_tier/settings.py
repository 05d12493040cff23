"""The settings of an application tier."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from components.app_tier.account import AccountAnnotations
from components.app_tier.address import address_terms
from components.app_tier.celery import preset as celery_preset
from components.app_tier.celery.settings import CelerySettings
from components.app_tier.checks import ProbesSettings
from components.app_tier.files import Files, clashes
from components.app_tier.rollout import RolloutSettings, singleton_problems
from components.app_tier.scaling import ScalingSettings
from components.app_tier.schedule_settings import ScheduleName, ScheduleSettings
from components.app_tier.schedule_settings import problems as schedule_problems
from components.app_tier.uses import Uses, each_use
from components.app_tier.volumes import SharedVolumes, Volumes, written
from components.app_tier.volumes import problems as volume_problems
from components.contracts import Terms
from components.placement import PlacementSettings
from components.sizes import ResourcesSettings, Size
from model import Priority, Scratch
from model.units import GIB, MIB
from settings.base import Settings
from settings.references import image_ref_or_pin
from settings.types import (
    Command,
    DeviceName,
    EnvName,
    Hostname,
    MemoryBytes,
    Milliseconds,
    Percent,
    PortName,
    PortNumber,
    ProcessText,
    Seconds,
    SecretName,
    WritableDirectory,
)

FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
"""The name of a file under /run/secrets."""

AppImage = Annotated[str, StringConstraints(min_length=1, max_length=512), AfterValidator(image_ref_or_pin)]
"""A reference, or the name of a pin: which pins there are is for a rule of the whole stack."""

NotSecret = Annotated[
    str,
    StringConstraints(
        pattern=r"^([A-Za-z_][A-Za-z0-9_]{0,127}|migrations\.command|schedules\.[a-z][a-z0-9-]*\.command|(/[A-Za-z0-9._-]+)+)$"
    ),
]
"""A variable, a list of arguments, or the path of a configuration file."""


def _number_or_name(value: object) -> str:
    return "name" if isinstance(value, str) else "number"


MetricsPort = Annotated[
    Annotated[PortNumber, Tag("number")] | Annotated[PortName, Tag("name")], Discriminator(_number_or_name)
]
"""A port, or the name of one in `ports`."""

DeviceCount = Annotated[int, Field(ge=1, le=64, strict=True)]
"""Devices of one kind."""

ScratchSize = Annotated[MemoryBytes, Field(ge=MIB, le=1024 * GIB)]
"""The size of a writable directory."""


def _list_or_map(value: object) -> str | None:
    return "list" if isinstance(value, (list, tuple)) else "map" if isinstance(value, dict) else None


WritablePaths = Annotated[
    Annotated[tuple[WritableDirectory, ...], Tag("list")] | Annotated[dict[WritableDirectory, ScratchSize], Tag("map")],
    Discriminator(
        _list_or_map,
        custom_error_type="list_or_map",
        custom_error_message="is a list of paths, or a map of path to size",
    ),
]
"""Writable directories, with or without their sizes."""


DEFAULT_REPLICAS = 2


class RunAs(Settings):
    """The numeric identity of the process."""

    uid: int = Field(default=10001, ge=1, le=2**31 - 2, strict=True)
    """User id; not 0, which is `run_as: root`."""
    gid: int = Field(default=10001, ge=1, le=2**31 - 2, strict=True)
    """Group id; not 0."""


def _root_or_ids(value: object) -> str:
    return "root" if isinstance(value, str) else "ids"


RunAsSettings = Annotated[
    Annotated[Literal["root"], Tag("root")] | Annotated[RunAs, Tag("ids")], Discriminator(_root_or_ids)
]
"""`root`, or the numbers of a user and a group."""


class MigrationsSettings(Settings):
    """A command that runs once before the rollout; when it fails, the old version keeps serving."""

    command: Command
    """Must be safe to run again: a host may be lost in the middle."""
    retries: int = Field(default=2, ge=0, le=10, strict=True)
    """Further tries after the first."""
    deadline: Seconds = Field(default=300, ge=5, le=3600)
    """Longest time for all tries."""


CommonMetric = Literal[
    "http_requests_total", "http_request_duration_seconds", "cache_hit_ratio", "database_connection_pool_size"
]
"""What many applications measure: a counter, a histogram, and two gauges."""
MetricName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_:][A-Za-z0-9_:]*$", max_length=200)]
"""The name of a metric; of a histogram without its suffixes."""


class ErrorsSettings(Settings):
    """Which part of the answers may be errors of the server."""

    above: Annotated[Percent, Field(le=99)] = 5
    """The alert fires above this percentage; default 5."""
    label: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=100)] = "code"
    """The label of `http_requests_total` that has the status of the answer (`503`, or `5xx`); default `code`."""


class MetricsSettings(Settings):
    """Where the application serves Prometheus metrics."""

    path: str = Field(default="/metrics", pattern=r"^/[A-Za-z0-9._~/:@,+-]*$")
    """Path of the metrics, without a query: Prometheus would ask for a path with a `%3F` in it."""
    port: MetricsPort | None = None
    """Port of the metrics: a number, or a name in `ports`; default: the tier's `port`."""
    names: dict[CommonMetric, MetricName] = Field(default_factory=dict)
    """Which of these the application has, and what it calls them (`http_requests_total: my_requests_total`).
    Prometheus stores them under the common name, and the dashboard shows each."""
    slow: Annotated[Milliseconds, Field(ge=1, le=3_600_000)] | None = None
    """Longest time that 95 % of the requests may take (`800ms`): `App_<name>Slow` fires when they take longer.
    Default: no such alert. Needs `names.http_request_duration_seconds`, whose largest bucket must be above it."""
    errors: ErrorsSettings | None = None
    """Most answers that may be errors of the server (5xx): `App_<name>Errors` fires when there are more.
    Default: no such alert. Needs `names.http_requests_total`."""

    @model_validator(mode="after")
    def _alerts_read_what_is_named(self) -> "MetricsSettings":
        needed: tuple[tuple[str, object, CommonMetric], ...] = (
            ("slow", self.slow, "http_request_duration_seconds"),
            ("errors", self.errors, "http_requests_total"),
        )
        problems = [
            f"`{key}` needs `names.{metric}`: say what the application calls it"
            for key, value, metric in needed
            if value is not None and metric not in self.names
        ]
        if problems:
            raise ValueError("; ".join(problems))
        return self


class AppSecuritySettings(Settings):
    """Relaxations of the strict defaults, each by its name."""

    read_only_root: bool = True
    """The image's file system cannot be written (writable directories: `writable_paths`)."""
    capabilities: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z_]+$")], ...] = ()
    """Linux capabilities given back, without the `CAP_` prefix."""
    allow_root: bool = False
    """Lets the process run as root, still without capabilities and with a read-only root. A policy reports it.
    Kubernetes needs `platform.pod_security: baseline` for it."""


class AppTierSettings(Settings):
    """One tier of interchangeable replicas: a web application, an API or a worker."""

    image: AppImage
    """A full reference with tag or digest, or the name of a pinned image (`chat`)."""
    run_as: RunAsSettings = RunAs()
    """The identity of the process, for images given by reference: `uid` and `gid`, or `root`, which needs
    `security.allow_root`."""
    http_tool: Literal["curl", "wget", "python"] = "python"
    """The program in the image that can make an HTTP GET (where checks run inside the container)."""
    command: Command | None = None
    """Replaces the image's entrypoint."""
    args: tuple[ProcessText, ...] = ()
    """Arguments after the command or entrypoint."""
    port: PortNumber | None = None
    """The port it listens on: that of routes, probes and metrics that name no other. Without one it is a worker."""
    ports: dict[PortName, PortNumber] = Field(default_factory=dict)
    """Further ports by name (`admin: 9000`), for routes, `probes.port` and `metrics.port`."""
    replicas: int | None = Field(default=None, ge=1, le=100, strict=True)
    """A fixed number of replicas; default 2, and 1 with `volumes`."""
    scaling: ScalingSettings | None = None
    """An autoscaler in place of `replicas`."""
    singleton: bool = False
    """One replica, and never a second one beside it: an update stops it before its successor starts. It is not a lock:
    see the README."""
    size: Size | None = None
    """CPU and memory by preset; default `small`."""
    resources: ResourcesSettings | None = None
    """Own CPU and memory, in place of `size`."""
    devices: dict[DeviceName, DeviceCount] = Field(default_factory=dict)
    """Devices that each replica has for itself: kind -> number (`gpu: 1`). On Kubernetes `platform.devices` says which
    extended resource a kind is; on Swarm it is a generic resource of the daemons, `node-generic-resources`."""
    env: dict[EnvName, ProcessText] = Field(default_factory=dict)
    """Plain variables. Not for secrets: what looks like one is refused."""
    not_secret: tuple[NotSecret, ...] = ()
    """What only looks like a secret: names of variables in `env`, paths in `files`, or `args`, `command`,
    `migrations.command`, `schedules.<name>.command`."""
    files: Files = Field(default_factory=dict)
    """Configuration files: absolute path -> text, or `file` with the path of one below the directory of Pulumi.yaml.
    Each is mounted read-only beside what the image has in that directory, readable by everybody in the container. A
    changed text rolls the replicas. At most 500 kB each, and 96 KiB of texts in the stack file. Not for secrets."""
    secrets: dict[FileName, SecretName] = Field(default_factory=dict)
    """File under /run/secrets -> given secret."""
    secret_env: dict[EnvName, SecretName] = Field(default_factory=dict)
    """Variable -> given secret, exported by a launcher (needs `command`)."""
    uses: Uses = Field(default_factory=dict)
    """Databases, caches and other apps by name -> prefix of the variables that tell how to reach them
    (`main: DATABASE`), or how these are named and written (`prefix`, `preset`, `env`, `inject`)."""
    celery: CelerySettings | None = None
    """A part of Celery, which uses one broker of `uses` with `preset: celery`. Command and checks follow from it."""
    migrations: MigrationsSettings | None = None
    """Runs before the rollout."""
    schedules: dict[ScheduleName, ScheduleSettings] = Field(default_factory=dict)
    """What runs by the clock, by name, in the image and with what the application is given: never two runs at once,
    each with a deadline."""
    probes: ProbesSettings = ProbesSettings()
    """Health checks."""
    longest_request: Seconds = Field(default=30, ge=1, le=3600)
    """The longest request or stream: a stopping replica gets this long, and a margin, to finish. A Celery worker gives
    the tasks back that have not ended by then."""
    metrics: MetricsSettings | None = None
    """Prometheus metrics, if the application has them."""
    writable_paths: WritablePaths = ()
    """Directories that are writable and empty at every start: a list of paths (64 MiB each), or a map of path to size.
    `/tmp` always is one, of 64 MiB unless the map says otherwise. What is in them may count against the memory limit:
    on Swarm always, on Kubernetes up to 16 MiB each (larger ones are on the node's disk)."""
    volumes: Volumes = Field(default_factory=dict)
    """A volume of each replica's own, which outlives it: directory -> size (`/var/lib/app: 5Gi`). Replicas then have
    names (`$(MEMBER_NAME)` in `env`, `command` and `args`), and are replaced one after the other, each stopped first.
    On Swarm each stays on its host, the image must have the directory with `run_as` as its owner, and the size is not
    enforced."""
    shared_volumes: SharedVolumes = Field(default_factory=dict)
    """Shared volumes: directory -> its name in `volumes` (`/var/lib/files: uploads`), or more about it. Replicas and
    migrations see the same files, and so does every application that mounts it."""
    hosts: tuple[Hostname, ...] = ()
    """Swarm, with `volumes`: one host for each replica, in the order of their numbers; default: the first of
    `platform.nodes`. A changed host leaves the replica's data behind."""
    abandon_data_on: tuple[Hostname, ...] = ()
    """Swarm, with `volumes`: hosts whose data may be lost. A move is refused unless this names the host that a replica
    leaves."""
    shm: ScratchSize | None = None
    """Size of `/dev/shm`, in memory that counts against the limit; default: the platform's own, 64 MiB."""
    security: AppSecuritySettings = AppSecuritySettings()
    """Opt-outs."""
    rollout: RolloutSettings = RolloutSettings()
    """Update behaviour."""
    spread: Literal["prefer", "require"] = "prefer"
    """Replicas on different hosts: preferred, or required."""
    placement: PlacementSettings = PlacementSettings()
    """Hosts by their labels."""
    prefer_spot: bool = False
    """Prefer interruptible nodes."""
    priority: Priority = "normal"
    """Kubernetes: who gives way where a cluster is full. `high` takes the place of applications that
    are not; `low` comes after all others. Stores come first in any case."""
    account_annotations: AccountAnnotations = Field(default_factory=dict)
    """Kubernetes: annotations of its service account (and its migration's), by which a cloud gives it rights:
    `eks.amazonaws.com/role-arn`, `iam.gke.io/gcp-service-account`."""

    @property
    def identity(self) -> RunAs | None:
        """The user and group of the process; None: root."""
        return self.run_as if isinstance(self.run_as, RunAs) else None

    @property
    def probed_port(self) -> int | None:
        """The port of the HTTP checks; None: commands are run."""
        return self.ports[self.probes.port] if self.probes.port else self.port

    @property
    def metrics_port(self) -> int | None:
        """The port of the metrics; None: there are none."""
        named = self.metrics.port if self.metrics else None
        if self.metrics is None or named is None:
            return self.port if self.metrics else None
        return self.ports[named] if isinstance(named, str) else named

    @property
    def count(self) -> int:
        """Replicas, or the fewest of them where an autoscaler decides."""
        if self.scaling:
            return self.scaling.min
        return self.replicas or (1 if self.volumes or self.singleton else DEFAULT_REPLICAS)

    @property
    def order(self) -> Literal["start-first", "stop-first"]:
        """Which of an old and a new replica is first in an update."""
        return "stop-first" if self.singleton or self.volumes else self.rollout.order

    def terms(self) -> Terms:
        """What its contract holds: nothing without a port."""
        return address_terms(self.port, self.ports)

    def writes_to(self) -> Mapping[str, str]:
        """Key -> shared volume."""
        return written(self.shared_volumes)

    def scratch(self) -> tuple[Scratch, ...]:
        """The writable directories, as neutral words."""
        if isinstance(self.writable_paths, dict):
            return tuple(Scratch(path=path, size_bytes=size) for path, size in self.writable_paths.items())
        return tuple(Scratch(path=path) for path in self.writable_paths)

    def _port_problems(self) -> Iterator[str]:
        if "http" in self.ports:
            yield "`ports.http`: this is the name of `port`; set that"
        owners: dict[int, str] = {} if self.port is None else {self.port: "port"}
        for name, number in self.ports.items():
            if owners.setdefault(number, f"ports.{name}") != f"ports.{name}":
                yield f"`ports.{name}` and `{owners[number]}` are one port ({number}); give it one name"
        metrics = self.metrics.port if self.metrics else None
        if isinstance(metrics, int) and metrics not in owners and "metrics" in self.ports:
            yield f"`ports.metrics` is not `metrics.port` ({metrics}); write `metrics: {{port: metrics}}`, or rename it"
        named_ports = (("probes.port", self.probes.port), ("probes.tcp", self.probes.tcp), ("metrics.port", metrics))
        for key, named in named_ports:
            if isinstance(named, str) and named not in self.ports:
                yield f"`{key}` names no port of `ports`: {named}"
        http = self.port is not None or self.probes.port is not None
        if not http and self.probes.command is None and self.probes.tcp is None:
            others = ", `probes.tcp` or `probes.port`" if self.ports else ""
            yield f"a tier without a `port` needs `probes.command`{others}"
        if self.probes.tcp is not None and (http or self.probes.command is not None):
            yield "`probes.tcp` is for tiers without a `port`, `probes.port` or `probes.command`"
        for key, command in (("command", self.probes.command), ("live.command", self.probes.live.command)):
            if http and command is not None:
                yield f"`probes.{key}` is for tiers without a `port`" + (" or `probes.port`" if self.ports else "")
        if not http and self.probes.host is not None:
            yield "`probes.host` is for tiers with a `port`"
        if self.port is None and self.metrics is not None and metrics is None:
            yield "`metrics` needs `metrics.port` in a tier without a `port`"

    @model_validator(mode="before")
    @classmethod
    def _with_celery(cls, value: Any) -> Any:
        return celery_preset.expanded(value) if isinstance(value, dict) and value.get("celery") is not None else value

    @model_validator(mode="after")
    def _consistent(self) -> "AppTierSettings":
        problems = []
        if self.replicas is not None and self.scaling is not None:
            problems.append("give `replicas` or `scaling`, not both: the autoscaler owns the count")
        if self.size is not None and self.resources is not None:
            problems.append("give `size` or `resources`, not both")
        if self.identity is None and not self.security.allow_root:
            problems.append("`run_as: root` needs `security.allow_root: true`; better use an image that runs as a user")
        problems += [*self._port_problems(), *singleton_problems(self), *celery_preset.problems(self)]
        if self.secret_env and self.command is None:
            problems.append("`secret_env` needs `command`: a launcher exports the secrets and then runs it")
        exported = [name for name, use in each_use(self.uses).items() if use.inject == "variables"]
        if exported and self.command is None:
            problems.append(
                f"`uses.{exported[0]}.inject: variables` needs `command`: a launcher exports the secrets and runs it"
            )
        problems += [*schedule_problems(self), *volume_problems(self)]
        directories = dict.fromkeys(self.writable_paths, "writable_paths")
        problems += [
            f"`volumes` and `writable_paths` both mount {path}" for path in self.volumes if path in directories
        ]
        directories |= dict.fromkeys(self.volumes, "volumes")
        problems += [
            f"`shared_volumes` and `{directories[path]}` both mount {path}"
            for path in self.shared_volumes
            if path in directories
        ]
        problems += clashes(self.files, directories | dict.fromkeys(self.shared_volumes, "shared_volumes"))
        if len(set(self.writable_paths)) != len(self.writable_paths):
            problems.append("`writable_paths` names a directory twice")
        if twice := sorted({*self.env} & {*self.secret_env}):
            problems.append(f"{', '.join(twice)} is both in `env` and `secret_env`")
        if problems:
            raise ValueError("; ".join(problems))
        return self
