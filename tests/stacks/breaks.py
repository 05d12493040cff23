"""Changes of a valid stack, each of which breaks one rule across keys."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from composition.kinds import MAPS
from settings.images import pins
from tests.stacks.fixtures import DIRECTORY, JUDGED, TAKEN, settings_of

VALID, SECRETS = settings_of(DIRECTORY / "ok" / "dev-on-kubernetes.yaml")
VALID["volumes"] = {"files": {"size": "1Gi", "storage_class": "files"}}
VALID["clusters"] = {"keys": {"role": "store", "parameters": {"hz": 20}}}
VALID["brokers"] = {"tasks": {"members": 1, "users": {"reader": {"permissions": {"app": {"read": ".*"}}}}}}
VALID["apps"]["mailer"] = {
    "image": "chat",
    "celery": {"app": "app.tasks", "worker": {"time_limit": "1m"}},
    "uses": {"tasks": {"prefix": "CELERY", "preset": "celery"}},
}
VALID["repositories"] = {
    "offsite": {"s3": {"endpoint": "s3.example.com", "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}}
}
VALID["generated_secrets"] = {}  # under an unknown key there could be some
PULL = "registry_token"
S3 = ("s3_key", "s3_secret")
Stackfile = dict[str, Any]


def kept_beside_its_data(stack: Stackfile) -> None:
    stack["volumes"]["backups"] = {"size": "1Gi", "driver": "local"}
    stack["repositories"]["near"] = {"volume": {"name": "backups"}}


def _kept_where_an_application_writes(stack: Stackfile) -> None:
    stack["apps"]["web"]["shared_volumes"] = {"/srv": "files"}
    stack["repositories"]["shared"] = {"volume": {"name": "files"}}


@dataclass(frozen=True, kw_only=True)
class Break:
    """A change that breaks one rule at one path; the rule can be judged while the items `needs` are sound."""

    change: Callable[[Stackfile], object]
    fault: tuple[str, str]
    needs: tuple[str, ...]


def _same_name(stack: Stackfile) -> None:
    stack["caches"]["web"] = {"role": "session", "members": 1}


def _external(stack: Stackfile) -> None:
    address = {"host": "db.example.com", "database": "a", "user": "a", "password": PULL, "tls": {"ca": PULL}}
    stack["databases"]["outside"] = {"external": address}


def _image_without(stack: Stackfile, name: str, key: str) -> None:
    pin = pins("sandbox")[name].model_dump(exclude_unset=True)
    stack["images"].setdefault("override", {})[name] = {has: value for has, value in pin.items() if has != key}


def _without_pgbackrest(stack: Stackfile) -> None:
    stack["databases"]["main"]["backups"] = {"repositories": ["offsite"]}
    _image_without(stack, "postgres", "pgbackrest")


def _no_pgbackrest_for_a_cache(stack: Stackfile) -> None:
    stack["caches"]["sessions"]["backups"] = {"repository": "offsite"}
    _image_without(stack, "postgres", "pgbackrest")


def _queue(stack: Stackfile, name: str, **settings: str) -> None:
    vhosts = stack["brokers"]["tasks"].setdefault("vhosts", {"app": {"queues": {}}})
    vhosts["app"]["queues"][name] = settings


def _scales(stack: Stackfile, app: str, **metrics: Any) -> None:
    stack["apps"][app].pop("replicas", None)
    stack["apps"][app].setdefault("scaling", {})["metrics"] = metrics


BOARD = {"title": "Shop", "panels": [{"title": "Orders", "expr": "orders"}]}
RULE = {"expr": "orders > 5", "summary": "{{ $value | humanise }} wait", "runbook": "https://example.com/orders"}
PARTS = tuple(f"{room}.{name}" for room in MAPS for name in VALID[room])
ADDED = ("repositories.second", "repositories.near", "repositories.shared", "volumes.backups")
"""What other breaks add."""
BY_PROMTOOL = Break(
    change=lambda stack: stack["monitoring"].update(rules={"OrdersWait": RULE}),
    fault=(TAKEN, "monitoring.rules.OrdersWait"),
    needs=("monitoring",),
)
BREAKS = (
    *([BY_PROMTOOL] if TAKEN in JUDGED else []),
    Break(
        change=lambda stack: stack["balancers"]["edge"]["routes"].append({"path": "/api", "app": "api"}),
        fault=("components_name_what_exists", "balancers.edge.routes[1].app"),
        needs=("balancers.edge",),
    ),
    Break(
        change=lambda stack: stack["balancers"]["edge"]["routes"].append({"path": "/api", "app": "worker"}),
        fault=("routes_lead_to_ports", "balancers.edge.routes[1].app"),
        needs=("balancers.edge", "apps.worker"),
    ),
    Break(
        change=lambda stack: stack["balancers"]["edge"]["routes"][0].update(shift={"to": "worker", "percent": 5}),
        fault=("routes_lead_to_ports", "balancers.edge.routes[0].shift.to"),
        needs=("balancers.edge", "apps.worker"),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"]["uses"].update(mian="OTHER"),
        fault=("components_name_what_exists", "apps.worker.uses.mian"),
        needs=("apps.worker",),
    ),
    Break(
        change=lambda stack: stack["apps"]["web"]["uses"].update(jobs="OTHER"),
        fault=("components_name_what_exists", "apps.web.uses.jobs"),
        needs=("apps.web",),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"].update(secrets={"key": "not_given"}),
        fault=("secrets_are_given", "apps.worker.secrets.key"),
        needs=("apps.worker", "generated_secrets"),
    ),
    Break(
        change=lambda stack: stack.update(generated_secrets={PULL: {}}),
        fault=("secrets_have_one_source", f"generated_secrets.{PULL}"),
        needs=("generated_secrets",),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"].update(env={"API_TOKEN": "x"}),
        fault=("plain_texts_hold_no_secrets", "apps.worker.env.API_TOKEN"),
        needs=("apps.worker",),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"].update(shared_volumes={"/srv": "flies"}),
        fault=("components_name_what_exists", "apps.worker.shared_volumes./srv"),
        needs=("apps.worker",),
    ),
    Break(
        change=lambda stack: stack["volumes"]["files"].update(options={"o": "password=hunter2hunter2"}),
        fault=("options_hold_no_secrets", "volumes.files.options.o"),
        needs=("volumes.files",),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"]["uses"].update(main={"env": {"DB": "{hots}"}}),
        fault=("uses_name_facts", "apps.worker.uses.main.env.DB"),
        needs=("apps.worker", "databases.main"),
    ),
    Break(
        change=lambda stack: stack["apps"]["web"]["uses"].update(main={"prefix": "DB", "role": "reader"}),
        fault=("uses_name_roles", "apps.web.uses.main.role"),
        needs=("apps.web", "databases.main"),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"]["uses"].update(sessions={"prefix": "X", "pooled": True}),
        fault=("uses_name_poolers", "apps.worker.uses.sessions.pooled"),
        needs=("apps.worker", "caches.sessions"),
    ),
    Break(
        change=lambda stack: stack["apps"]["alerts"].setdefault("uses", {}).update(main={"prefix": "DB", "pool": 5000}),
        fault=("pools_fit", "databases.main.max_connections"),
        needs=("apps.alerts", "databases.main"),
    ),
    Break(
        change=lambda stack: stack["apps"]["web"]["uses"].update(sessions={"prefix": "REDIS", "pool": 5}),
        fault=("pools_are_counted", "apps.web.uses.sessions.pool"),
        needs=("apps.web", "caches.sessions"),
    ),
    Break(
        change=lambda stack: stack["databases"]["main"].update(objectives={"write_outage": "1s"}),
        fault=("objectives_hold", "databases.main.objectives.write_outage"),
        needs=("databases.main", "platform"),
    ),
    Break(
        change=lambda stack: (
            stack["apps"]["alerts"].setdefault("uses", {}).update(sessions={"env": {"R": "{password}"}})
        ),
        fault=("uses_name_users", "apps.alerts.uses.sessions.env"),
        needs=("apps.alerts", "caches.sessions"),
    ),
    Break(
        change=lambda stack: stack["apps"]["alerts"].setdefault("uses", {}).update(worker="WORKER"),
        fault=("uses_lead_to_ports", "apps.alerts.uses.worker"),
        needs=("apps.alerts", "apps.worker"),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"].update(files={"/etc/app/text": "🎈" * 7500}),
        fault=("inline_texts_fit", "apps.worker.files"),
        needs=("apps.worker",),
    ),
    Break(
        change=lambda stack: stack["apps"]["worker"].update(files={"/etc/app/text": "password = hunter2hunter2"}),
        fault=("files_hold_no_secrets", "apps.worker.files"),
        needs=("apps.worker",),
    ),
    Break(
        change=lambda stack: stack["apps"]["alerts"].update(image="registry.example.com/chat:latest"),
        fault=("app_images_are_pinned", "apps.alerts.image"),
        needs=("apps.alerts", "images"),
    ),
    Break(
        change=lambda stack: stack["images"].update(registries={"gcr.io": {"username": "x", "password_secret": PULL}}),
        fault=("logins_are_used", "images.registries.gcr.io"),
        needs=(*PARTS, *ADDED, "monitoring", "images"),
    ),
    Break(
        change=lambda stack: _image_without(stack, "prometheus", "data_dir"),
        fault=("component_images_exist", "images.override.prometheus.data_dir"),
        needs=("monitoring", "images"),
    ),
    Break(
        change=lambda stack: stack["monitoring"].update(boards={"shop": BOARD}),
        fault=("boards_can_be_seen", "monitoring.boards.shop"),
        needs=("monitoring",),
    ),
    Break(
        change=lambda stack: stack["monitoring"]["prometheus"].update(port=30404),
        fault=("published_ports_differ", "monitoring.prometheus.port"),
        needs=("monitoring", "balancers.edge"),
    ),
    Break(
        change=lambda stack: stack["apps"]["web"].update(longest_request="1h"),
        fault=("proxies_outlast_requests", "balancers.edge.longest_stream"),
        needs=("balancers.edge", "apps.web"),
    ),
    Break(
        change=lambda stack: stack["databases"]["main"].update(parameters={"wrok_mem": "16MB"}),
        fault=("parameters_are_known", "databases.main.parameters.wrok_mem"),
        needs=("databases.main", "images"),
    ),
    Break(
        change=_external,
        fault=("secrets_have_their_form", "databases.outside.external.tls.ca"),
        needs=("databases.outside",),
    ),
    Break(
        change=lambda stack: stack["caches"]["sessions"].update(parameters={"io-thread": 4}),
        fault=("redis_takes_parameters", "caches.sessions.parameters.io-thread"),
        needs=("caches.sessions",),
    ),
    Break(
        change=lambda stack: stack["clusters"]["keys"].update(parameters={"io-threads": 4}),
        fault=("threads_have_processors", "clusters.keys.parameters.io-threads"),
        needs=("clusters.keys",),
    ),
    Break(
        change=lambda stack: stack["apps"]["mailer"]["celery"]["worker"].update(visibility_timeout="2h"),
        fault=("brokers_keep_tasks", "apps.mailer.celery.worker.visibility_timeout"),
        needs=("apps.mailer", "brokers.tasks"),
    ),
    Break(
        change=lambda stack: stack["apps"]["mailer"]["uses"].update(main={"prefix": "DB", "pool": 2}),
        fault=("processes_have_connections", "apps.mailer.uses.main.pool"),
        needs=("apps.mailer",),
    ),
    Break(
        change=lambda stack: _queue(stack, "celery", type="classic"),
        fault=("queues_fit", "apps.mailer.celery.worker.queues"),
        needs=("apps.mailer", "brokers.tasks"),
    ),
    Break(
        change=lambda stack: _queue(stack, "letters"),
        fault=("queues_are_consumed", "brokers.tasks.vhosts.app.queues.letters"),
        needs=(*(f"apps.{name}" for name in VALID["apps"]), "brokers.tasks"),
    ),
    Break(
        change=lambda stack: _scales(stack, "web", requests_per_second={"per_replica": 100, "counted_by": "app"}),
        fault=("requests_are_counted", "apps.web.scaling.metrics.requests_per_second"),
        needs=("apps.web",),
    ),
    Break(
        change=lambda stack: _scales(stack, "worker", queue_length={"per_replica": 20, "queues": ["mail"]}),
        fault=("queues_are_counted", "apps.worker.scaling.metrics.queue_length"),
        needs=("apps.worker",),
    ),
    Break(
        change=lambda stack: stack["caches"]["sessions"].update(members=1, min_replicas={"to_write": 1}),
        fault=("replicas_are_there", "caches.sessions.min_replicas.to_write"),
        needs=("caches.sessions",),
    ),
    Break(
        change=lambda stack: stack["caches"]["sessions"].update(role="lock", app_commands=["flushall"]),
        fault=("locks_are_kept", "caches.sessions.app_commands[0]"),
        needs=("caches.sessions",),
    ),
    Break(
        change=lambda stack: stack["databases"]["main"].update(extensions=["vectors"]),
        fault=("the_image_has_extensions", "databases.main.extensions[0]"),
        needs=("databases.main", "images"),
    ),
    Break(
        change=_without_pgbackrest,
        fault=("the_image_has_pgbackrest", "databases.main.backups"),
        needs=("databases.main", "images"),
    ),
    Break(
        change=lambda stack: stack["databases"]["main"].update(
            restore_from={"database": "main", "repository": "offsite", "to": "latest"}
        ),
        fault=("a_copy_has_a_source", "databases.main.restore_from.database"),
        needs=("databases.main",),
    ),
    Break(
        change=_no_pgbackrest_for_a_cache,
        fault=("the_copier_has_pgbackrest", "caches.sessions.backups"),
        needs=("caches.sessions", "images"),
    ),
    Break(
        change=lambda stack: stack["repositories"].update(second=stack["repositories"]["offsite"]),
        fault=("repositories_are_apart", "repositories.second"),
        needs=("repositories.offsite", "repositories.second"),
    ),
    Break(
        change=kept_beside_its_data,
        fault=("volumes_outlive_hosts", "repositories.near.volume.name"),
        needs=("repositories.near", "volumes.backups"),
    ),
    Break(
        change=_kept_where_an_application_writes,
        fault=("nobody_else_writes", "repositories.shared.volume.name"),
        needs=("repositories.shared", "volumes.files", "apps.web"),
    ),
    Break(
        change=lambda stack: stack.update(abandon_data=["databases.main"]),
        fault=("abandoned_data_has_no_owner", "abandon_data"),
        needs=("databases.main", "abandon_data"),
    ),
    Break(
        change=lambda stack: stack.update(abandon_data=["database.main"]),
        fault=("abandoned_data_is_of_a_kind", "abandon_data"),
        needs=("abandon_data",),
    ),
    Break(change=_same_name, fault=("names_are_unique", "caches.web"), needs=()),
)
"""At least one of every rule."""
