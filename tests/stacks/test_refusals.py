"""What a platform refuses is reported under the key of the stack file."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from components.app_tier.settings import AppTierSettings
from composition.compose import compose
from composition.kinds import KINDS
from composition.read import StackInput, check
from composition.reference_types import models_in
from composition.refusals import KEYS, refusal_faults
from composition.stack import Stack
from model import Job, Members, Origin, Schedule, Workload
from platforms.base import Refusal
from platforms.swarm.names import ORIGIN_LABEL
from settings.faults import BrokenStack
from tests.goldens.rendered import registrations
from tests.mock_engine import render
from tests.stacks.fixtures import DIRECTORY, settings_of

OWN_CHOICE = {
    "origin.root", "origin.key", "origin.name", "origin.below", "tier", "depends_on", "public_ports",
    "container.stop.signal", "private_to", "metrics_port", "peer_ports", "peers", "electorate", "shard.of",
    "shard.number", "slow_start_seconds", "cloud_balancer.annotations", "cloud_balancer.sources",
    "front.port", "front.hosts", "front.any_host", "front.trusted_proxies", "front.annotations",
    "front.tls.certificate", "front.tls.private_key", "front.tls.name", "front.tls.kind",
}  # fmt: skip
"""Fields of an application's words that no key decides."""


def annotations(model: type[BaseModel], keys: list[str]) -> Iterator[Any]:
    """The types that the settings have at a path of keys, over all alternatives."""
    if not keys:
        yield model
        return
    for name, field in model.model_fields.items():
        if name == keys[0]:
            options = get_args(field.annotation) or (field.annotation,)
            options = options[1:] if get_origin(field.annotation) is dict else options
            for option in options:
                if models := list(models_in(option)):
                    yield from (found for each in models for found in annotations(each, keys[1:]))
                elif len(keys) == 1:
                    yield option


def word_fields(word: type, prefix: str = "") -> Iterator[str]:
    """The dotted names of a word's fields; for fields that are words, of theirs."""
    hints = get_type_hints(word)
    for field in fields(word):
        options = get_args(hints[field.name]) or (hints[field.name],)
        inner = [option for option in options if isinstance(option, type) and is_dataclass(option)]
        if inner and get_origin(hints[field.name]) in (None, UnionType):
            yield from (name for option in inner for name in word_fields(option, f"{prefix}{field.name}."))
        else:
            yield prefix + field.name


@pytest.mark.parametrize(("kind", "place"), [(kind, place) for kind in KEYS for place in KEYS[kind]])
def test_every_key_exists_in_the_settings(kind: str, place: str) -> None:
    for key in KEYS[kind][place].values():
        assert any(annotations(Stack, [kind, *(part for part in key.split(".") if part not in ("", "*"))])), (
            f"{kind}: {key}"
        )


@pytest.mark.parametrize(
    ("place", "words"), [("", (Workload, Members)), ("migrations", (Job,)), ("schedules.*", (Schedule,))]
)
def test_every_field_of_an_application_has_its_key(place: str, words: tuple[type, ...]) -> None:
    keys, names = KEYS["apps"][place], {name for word in words for name in word_fields(word)}
    assert {"container.secret_env", "container.image.uid"} < names
    held = {name for name in names for key in keys if name == key or name.startswith(f"{key}.")}
    assert names - held <= OWN_CHOICE
    assert all(any(name == key or name.startswith(f"{key}.") for name in names) for key in keys), "no such field"


def test_every_setting_of_rollout_and_scaling_is_the_key_of_a_field() -> None:
    for name in ("rollout", "scaling"):
        (settings,) = (each for each in annotations(AppTierSettings, [name]) if issubclass(each, BaseModel))
        assert {key for key in KEYS["apps"][""].values() if key.startswith(f"{name}.")} == {
            f"{name}.{key}" for key in settings.model_fields
        }


def refused(name: str, change: Callable[[dict[str, Any]], object]) -> Mapping[str, str]:
    """Path and text of every refusal of the changed stack."""
    settings = copy.deepcopy(settings_of(DIRECTORY / "ok" / f"{name}.yaml")[0])
    change(settings)
    secrets = frozenset({"key"})
    given = StackInput(
        source=name, stack=check(settings, source=name, secret_names=secrets), secrets={"key": ""}  # type: ignore[dict-item]
    )  # fmt: skip
    with pytest.raises(BrokenStack) as broken:
        render(lambda _: compose(given, stack_name="test"), stack="test")
    texts = [str(fault) for fault in broken.value.faults]
    assert len(texts) == len(set(texts)), "nothing is said twice"
    paths = [fault.path.partition(".")[2] for fault in broken.value.faults]
    return {path: " ".join(text for text, its in zip(texts, paths, strict=True) if its == path) for path in paths}


def test_swarm_refuses_under_the_keys_of_the_file() -> None:
    def change(stack: dict[str, Any]) -> None:
        stack["platform"]["nodes"] = ["host1", "host2"]
        del stack["databases"]["main"]["hosts"]
        stack["monitoring"]["prometheus"]["host"] = "host3"
        stack["balancers"]["edge"]["replicas"] = 3
        stack["apps"]["web"]["rollout"] = {"deadline": "10s"}
        stack["apps"]["worker"] |= {"spread": "require", "prefer_spot": True, "scaling": {}}
        del stack["apps"]["worker"]["replicas"]

    faults = refused("prod-on-swarm", change)
    assert set(faults) == {
        "apps.web.rollout.deadline", "apps.worker.spread", "apps.worker.prefer_spot",
        "balancers.edge.replicas", "caches.jobs.hosts", "caches.sessions.hosts", "databases.main.members",
        "monitoring.prometheus.host",
    }  # fmt: skip


def test_a_swarm_without_prometheus_scales_nothing() -> None:
    def change(stack: dict[str, Any]) -> None:
        del stack["monitoring"]

    faults = refused("keys-on-swarm", change)
    assert set(faults) == {"apps.api.scaling"}
    assert "reads Prometheus, and the stack has none" in faults["apps.api.scaling"]


def test_a_variable_that_a_contract_sets_too_is_refused_with_both_names() -> None:
    def change(stack: dict[str, Any]) -> None:
        stack["apps"]["web"]["env"] = {"DATABASE_HOST": "db.example.com", "DATABASE_POOL": "5"}
        stack["apps"]["worker"] |= {"secret_env": {"DATABASE_PASSWORD_FILE": "key"}, "command": ["run"]}

    faults = refused("prod-on-swarm", change)
    assert {"apps.web.env", "apps.worker.secret_env"} <= set(faults)
    assert "`main` in `uses` also sets it" in faults["apps.web.env"]
    assert "DATABASE_HOST" in faults["apps.web.env"]


def test_kubernetes_refuses_under_the_keys_of_the_file() -> None:
    def change(stack: dict[str, Any]) -> None:
        stack["balancers"]["edge"] |= {"listen": {"http": 8080}, "status": {"port": 8081}}
        stack["monitoring"]["prometheus"] = {"port": 8082, "host": "host1"}
        stack["databases"]["main"]["hosts"] = ["host1"]
        stack["apps"]["web"] |= {"security": {"capabilities": ["SYS_TIME"]}, "shm": "64Gi"}
        stack["apps"]["web"]["rollout"] = {"stable": "60s", "deadline": "60s"}

    faults = refused("dev-on-kubernetes", change)
    assert set(faults) == {
        "apps.web.security.capabilities", "apps.web.shm", "apps.web.rollout.deadline",
        "balancers.edge.listen.http", "balancers.edge.status.port", "monitoring.prometheus.port",
        "monitoring.prometheus.host", "databases.main.hosts",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["prod-on-swarm", "dev-on-kubernetes"])
def test_both_refuse_a_secret_at_the_path_of_another_one(name: str) -> None:
    def change(stack: dict[str, Any]) -> None:
        stack["apps"]["web"]["secrets"] = {"database_password": "key"}

    faults = refused(name, change)
    assert list(faults) == ["apps.web.secrets"]
    assert "two files have this path" in faults["apps.web.secrets"]


def test_kubernetes_never_weakens_a_required_spread() -> None:
    def change(stack: dict[str, Any]) -> None:
        stack["platform"]["nodes"] = 1
        stack["apps"]["web"] |= {"spread": "require", "replicas": 2}
        stack["databases"]["main"]["members"] = 3

    faults = refused("dev-on-kubernetes", change)
    assert set(faults) == {"apps.web.spread", "databases.main.members"}
    assert "2 replicas need a node each" in faults["databases.main.members"], "its proxies"
    assert "`platform.nodes` is 1" in faults["apps.web.spread"]


def test_a_field_that_no_key_decides_is_named_at_its_part() -> None:
    origin = Origin(key="databases", name="main")
    refusal = Refusal(origin=origin, field="container.stop.signal", got="X", reason="no")
    (fault,) = refusal_faults([refusal, refusal])
    assert str(fault) == "ha-platform:stack.databases.main: container.stop.signal: no (got X)."


def test_a_place_below_a_part_has_its_own_keys() -> None:
    web = Origin(key="apps", name="web")
    places = {"command": web, "migrations.command": web.at("migrations")}
    for key, origin in places.items():
        (fault,) = refusal_faults([Refusal(origin=origin, field="container.command", got="X", reason="no")])
        assert fault.path == f"ha-platform:stack.apps.web.{key}"


def test_every_origin_of_a_word_has_its_keys() -> None:
    resources = registrations(DIRECTORY / "ok" / "prod-on-swarm.yaml", "prod")
    labels = [label for one in resources for label in one.inputs.get("labels") or () if isinstance(label, dict)]
    origins = {label["value"] for label in labels if label["label"] == ORIGIN_LABEL}
    assert origins
    maps = {kind.key for kind in KINDS if not kind.single}
    for origin in origins:
        key, *below = origin.partition(".")[2].split(".")
        place = below[1:] if key in maps else below
        named = ".".join([*place[:-1], "*"]) if place else ""  # of a map: `schedules.*`
        assert {".".join(place), named} & set(KEYS[key]), origin


def test_what_does_not_come_through_an_ingress_is_refused_under_its_keys() -> None:
    def change(stack: dict[str, Any]) -> None:
        edge = stack["balancers"]["edge"]
        edge["listen"]["https"], edge["tls"] = 443, {"certificate": "key", "private_key": "key"}
        edge["tcp"] = {"mqtt": {"listen": 1883, "app": "web"}}
        edge["cloud_balancer"] = {"sources": ["192.0.2.0/24"]}
        edge["routes"].append({"app": "web"})
        del edge["trusted_proxies"], edge["require_https"]

    faults = refused("ingress-on-kubernetes", change)
    assert set(faults) == {
        "balancers.edge.listen.https", "balancers.edge.tcp", "balancers.edge.trusted_proxies",
        "balancers.edge.front.tls", "balancers.edge.cloud_balancer.sources",
    }  # fmt: skip
    assert "give each of the `routes` its `host`" in faults["balancers.edge.front.tls"]


def test_swarm_has_nothing_in_front() -> None:
    def change(stack: dict[str, Any]) -> None:
        stack["platform"] = {"kind": "swarm", "nodes": ["a", "b"], "entry": "dns"}

    faults = refused("ingress-on-kubernetes", change)
    assert set(faults) == {"balancers.edge.front.tls", "balancers.edge.front.annotations"}
    assert "Swarm has no Ingress and no Gateway" in faults["balancers.edge.front.tls"]
