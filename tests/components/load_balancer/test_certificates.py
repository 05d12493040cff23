"""A given certificate of an entry is counted down, and told of before it ends: with every engine, on both platforms."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from components.load_balancer.certificates import rules
from components.load_balancer.engines import ENGINES
from components.monitoring_stack.certificates import days_left_yml
from composition.read import check
from settings.faults import BrokenStack
from tests.components.monitoring_stack import stacks
from tests.mock_engine import Recorded
from tests.promtool import fire
from tests.rendered.given_certificate import given_certificate
from tests.rendered.texts import PLATFORMS, text

BOTH = ("Balancer_edgeCertificateEnds", "Balancer_edgeCertificateEndsSoon")


def stack(platform: str, **edge: Any) -> dict[str, Any]:
    made = stacks.small(platform)
    made["balancers"] = {"edge": {"listen": {"http": 80}, "routes": [{"path": "/", "app": "web"}], **edge}}
    return made


def with_tls(platform: str, engine: str) -> dict[str, Any]:
    tls = {"certificate": "site", "private_key": "key"}
    return stack(platform, engine=engine, listen={"http": 80, "https": 443}, tls=tls)


def recorded(found: list[Recorded]) -> list[dict[str, Any]]:
    (group,) = yaml.safe_load(text(found, "prometheus-certificates"))["groups"]
    return [rule for rule in group["rules"] if rule["record"] == "ha_entry_certificate_days_left"]


@pytest.mark.parametrize("engine", sorted(ENGINES))
@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_it_has_a_series_and_two_rules(platform: str, engine: str) -> None:
    found = stacks.composed(with_tls(platform, engine))
    (counted,) = recorded(found)
    assert counted["labels"] == {"entry": "edge", "secret": "site"}
    assert counted["expr"] == f"(vector({datetime(2040, 1, 1, tzinfo=UTC).timestamp():.0f}) - time()) / 86400"
    assert "/etc/ha-prometheus/certificates.yml" in yaml.safe_load(text(found, "prometheus-config"))["rule_files"]
    made = stacks.rules(found)
    told = {name: (made[name]["labels"]["severity"], made[name]["labels"]["component"]) for name in BOTH}
    assert told == {BOTH[0]: ("warning", "edge"), BOTH[1]: ("critical", "edge")}
    silent = yaml.safe_load(text(found, "alertmanager-config"))["inhibit_rules"]
    assert [rule for rule in silent if BOTH[1] in str(rule["source_matchers"]) and BOTH[0] in str(rule)]


def test_that_of_an_ingress_too() -> None:
    controllers = [{"namespace": "traefik", "labels": {"a": "b"}}]
    ingress = {"entry": "ingress", "ingress": {"class_name": "traefik", "controllers": controllers}}
    tls = {"certificate": "site", "private_key": "key"}
    route = {"host": "www.example.com", "path": "/", "app": "web"}
    made = stack("kubernetes", front={"tls": tls}, routes=[route], trusted_proxies=["10.244.0.0/16"])
    made["platform"] = PLATFORMS["kubernetes"] | ingress
    assert [rule["labels"]["secret"] for rule in recorded(stacks.composed(made))] == ["site"]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_without_one_nothing_is_said(platform: str) -> None:
    found = stacks.composed(stack(platform))
    assert not set(BOTH) & stacks.rules(found).keys()
    assert "certificate" not in text(found, "prometheus-config")


@pytest.mark.parametrize(("days", "expected"), [(22, ()), (20, BOTH[:1]), (4, BOTH[:1]), (2, BOTH), (0, BOTH)])
def test_it_fires_before_the_end(days: int, expected: tuple[str, ...]) -> None:
    """promtool counts from the beginning of 1970; after 15 minutes that of 0 days has ended."""
    pem = given_certificate(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days))
    counted = days_left_yml({}, [({"entry": "edge", "secret": "site"}, pem)])
    fire([*rules("edge")], {}, expected, after="15m", recorded=counted)


def test_what_is_no_certificate_is_refused_before_anything_is_registered() -> None:
    known = {**stacks.SECRETS, "site": "a word"}
    with pytest.raises(BrokenStack) as broken:
        check(with_tls("swarm", "haproxy"), source="s", secret_names=frozenset(known), secret_values=known)
    (fault,) = broken.value.faults
    assert fault.path == "ha-platform:stack.balancers.edge.tls.certificate"
    assert "is not a certificate in PEM form" in fault.rule
    assert "a word" not in f"{fault.rule}{fault.got}{fault.fix}"
