"""The copier: one container beside a store that takes its copies, has them tried, and restores them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from components.contracts import BackupRepository
from components.copies.alerts import copies_rules
from components.copies.settings import CopiesSettings
from components.liveness import liveness
from components.observability import Observability, Panel, ScrapeTarget
from components.pgbackrest import awaited, configuration, repository_files, repository_options
from components.scope import Scope
from model import (
    Container,
    Endpoint,
    File,
    HttpCheck,
    Image,
    Job,
    Port,
    Probe,
    Probes,
    Resources,
    Rollout,
    SecretRef,
    Tier,
    Toleration,
    Workload,
)
from model.units import MIB

PORT = 8011
DIRECTORY = "/etc/ha-copies"
_LIBRARY = f"{DIRECTORY}/lib"
_ROOT = Path(__file__).parents[2]
_AGENT = "components/copies/files"
_AGENT_FILES = ("clock", "copies_agent", "copies_metrics", "copies_repository", "copies_target", "door")
RESOURCES = Resources(
    cpu_request_millis=20,
    cpu_limit_millis=1000,
    memory_request_bytes=48 * MIB,
    memory_limit_bytes=512 * MIB,
)
"""The agent and pgBackRest take 60 MiB; a restore also holds the largest values of the store."""
_ORDERS_RESOURCES = Resources(
    cpu_request_millis=10, cpu_limit_millis=250, memory_request_bytes=24 * MIB, memory_limit_bytes=128 * MIB
)


@dataclass(frozen=True, kw_only=True)
class Copied:
    """How a store is copied: what its kind says of it.

    `modules` are files of the repository, by their paths in it; the first has `of(directory)`, which returns the
    `Source` that `files/copies_agent.py` describes. It finds `told`, `secrets` and `identities` in the folder `source`
    of that directory, as `source.json`, `secrets.json` and files of their own. `kind` is what the store's alerts begin
    with; `ports` are what else the copier listens on.
    """

    kind: str
    modules: tuple[str, ...]
    told: Mapping[str, object]
    secrets: Mapping[str, pulumi.Output[str]]
    identities: Mapping[str, SecretRef] = field(default_factory=dict)
    ports: tuple[Port, ...] = ()
    node_labels: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    depends_on: tuple[pulumi.Resource, ...] = ()


def copier_word(name: str) -> str:
    """What the copier of a component is called."""
    return f"{name}-copies"


def copier(
    scope: Scope,
    name: str,
    settings: CopiesSettings,
    copied: Copied,
    *,
    image: Image,
    repository: BackupRepository,
) -> Observability:
    """`<name>-copies`, and `<name>-copies-orders`, beside which orders of people run."""
    word, scope = copier_word(name), scope.at("backups")
    password = scope.secret(f"{word}-password", scope.password(f"{word}-password"))
    told = {
        "store": name,
        "repository": settings.repository,
        "schedule": settings.schedule,
        "keep": settings.keep,
        "deadline": settings.deadline,
        "listen": "0.0.0.0",
        "port": PORT,
    }
    agent = {"agent": ("agent.json", _document(told))}
    modules = (*(f"{_AGENT}/{each}.py" for each in _AGENT_FILES), *copied.modules)
    health = HttpCheck(path="/health", port=PORT)
    endpoint = scope.workload(
        Workload(
            name=word,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image,
                command=("python3", "-m", _module(f"{_AGENT}/copies_agent.py")),
                args=(DIRECTORY, _module(copied.modules[0])),
                env={"PYTHONPATH": _LIBRARY, "PGBACKREST_CONFIG": f"{DIRECTORY}/pgbackrest.conf"},
                files=(
                    *scope.config_files(word, DIRECTORY, agent),
                    *_repository_files(scope, word, repository),
                    File(path=f"{DIRECTORY}/password", source=password),
                    *_library(scope, word, modules),
                    *_source_files(scope, word, copied),
                ),
                shared=repository.shared,
                resources=RESOURCES,
            ),
            replicas=1,
            ports=(Port(name="copies", number=PORT), *copied.ports),
            probes=Probes(ready=Probe(check=health), live=liveness(health), start_seconds=60),
            rollout=Rollout(order="stop-first"),  # two would take the same copy
            node_labels=copied.node_labels,
            tolerations=copied.tolerations,
            outside=repository.outside,
            depends_on=(*copied.depends_on, *awaited([repository])),
        )
    )
    _orders(scope, word, endpoint, image=image, password=password)
    target = ScrapeTarget(job=word, replicas_host=endpoint.replicas_host, port=PORT)
    one = f'{{job="{word}"}}'
    return Observability(
        targets=(target,),
        rules=copies_rules(copied.kind, name, settings, word),
        panels=(
            Panel(
                title=f"{name}: age of the last verified copy",
                expr=f"time() - max(ha_backup_last_verified_timestamp_seconds{one} > 0)",
                unit="s",
            ),
            Panel(title=f"{name}: size of the last copy", expr=f"max(ha_backup_last_bytes{one})", unit="bytes"),
        ),
    )


def _orders(scope: Scope, word: str, endpoint: Endpoint, *, image: Image, password: SecretRef) -> None:
    """Says in its log how copies are; the commands run what people order in containers like it."""
    name = f"{word}-orders"
    texts = {"told": ("orders.json", _document({"copier": f"{endpoint.host}:{PORT}"}))}
    scope.job(
        Job(
            name=name,
            origin=scope.origin,
            tier=Tier.DATA,
            container=Container(
                image=image,
                command=("python3", "-m", _module(f"{_AGENT}/copies_orders.py")),
                args=(DIRECTORY, "look"),
                env={"PYTHONPATH": _LIBRARY},
                files=(
                    *scope.config_files(name, DIRECTORY, texts),
                    File(path=f"{DIRECTORY}/password", source=password),
                    *_library(scope, name, (f"{_AGENT}/copies_orders.py",)),
                ),
                resources=_ORDERS_RESOURCES,
            ),
            depends_on=endpoint.resources,
        )
    )


def _repository_files(scope: Scope, word: str, repository: BackupRepository) -> list[File]:
    """pgBackRest's configuration, and the passphrase once more: of files that belong to no database it asks for it by
    another name."""
    options, held = repository_options(1, repository, DIRECTORY)
    text = ["[global]", "lock-path=/tmp/pgbackrest", "log-level-file=off", "log-level-console=off"]
    text += ["log-level-stderr=error", *options]
    secrets: dict[str, pulumi.Input[str]] = {
        "pgbackrest.conf": configuration(text, held),
        "passphrase": repository.passphrase,
        **repository_files([repository]),
    }
    return [
        File(path=f"{DIRECTORY}/{path}", source=scope.secret(f"{word}-{path.partition('.')[0]}", value))
        for path, value in secrets.items()
    ]


def _source_files(scope: Scope, word: str, copied: Copied) -> list[File]:
    place = f"{DIRECTORY}/source"
    secrets = pulumi.Output.json_dumps(dict(copied.secrets))
    return [
        *scope.config_files(word, place, {"source": ("source.json", _document(copied.told))}),
        File(path=f"{place}/secrets.json", source=scope.secret(f"{word}-source-secrets", secrets)),
        *(File(path=f"{place}/{path}", source=source) for path, source in copied.identities.items()),
    ]


def _library(scope: Scope, word: str, modules: tuple[str, ...]) -> list[File]:
    """The programs under the names that they have in the repository."""
    found: list[File] = []
    for path in modules:
        suffix = Path(path).stem.replace("_", "-")
        text = (_ROOT / path).read_text()
        found += scope.config_files(word, _LIBRARY, {suffix: (path, text)})
    return found


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _document(value: Mapping[str, object]) -> str:
    return json.dumps(dict(value), indent=2) + "\n"
