"""Every certificate of the stack has a series that counts its days down, and an alert before it ends."""

import re
from typing import Any

import pytest
import yaml

from components.monitoring_stack.certificates import certificates, days_left_yml
from tests.mock_engine import Recorded
from tests.promtool import fire
from tests.rendered.texts import PLATFORMS, accepted, holds_text, text

MONITORING = {"alertmanager": {"receivers": [{"kind": "webhook", "url": "https://alerts.example.com/hook"}]}}


def registered(platform: str, **parts: Any) -> list[Recorded]:
    return accepted({"platform": PLATFORMS[platform], "monitoring": MONITORING, **parts}, secrets={})


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_each_certificate_that_is_made_has_a_series(platform: str) -> None:
    found = registered(platform, databases={"main": {"members": 3, "pooler": {}}, "other": {"members": 1}})
    made = {one.name for one in found if one.type.endswith("Cert")}
    assert {"ca", "main-etcd-ca", "main-pg-ca", "main-pg-identity", "main-pooler-identity", "other-etcd-client"} <= made
    (group,) = yaml.safe_load(text(found, "prometheus-certificates"))["groups"]
    assert {rule["labels"]["certificate"] for rule in group["rules"]} == made
    assert {rule["record"] for rule in group["rules"]} == {"ha_certificate_days_left"}
    assert "/etc/ha-prometheus/certificates.yml" in yaml.safe_load(text(found, "prometheus-config"))["rule_files"]
    assert "alert: CertificateEnds" in text(found, "prometheus-rules")


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_stack_without_certificates_is_told_of_none(platform: str) -> None:
    found = registered(platform, caches={"sessions": {"role": "session"}})
    assert "prometheus-certificates" not in {one.name for one in found if holds_text(one)}
    assert "certificate" not in (text(found, "prometheus-config") + text(found, "prometheus-rules")).lower()


def test_a_moment_is_the_same_in_every_zone() -> None:
    """The provider writes the time of the machine that made the certificate."""
    texts = {days_left_yml({"one": end}) for end in ("2028-01-01T00:00:00Z", "2028-01-01T02:00:00+02:00")}
    (only,) = texts
    assert re.findall(r"vector\((\d+)\)", only) == ["1830297600"]


@pytest.mark.live
@pytest.mark.parametrize(
    ("after", "expected"),
    [("5h", ()), ("13h", ("CertificateEnds",))],
    ids=["more-than-21-days", "less-than-21-days"],
)
def test_it_fires_21_days_before_one_of_them_ends(after: str, expected: tuple[str, ...]) -> None:
    ends = {"main-pg-identity": "1970-01-22T12:00:00Z", "main-pg-ca": "1980-01-01T00:00:00+00:00"}
    fire(certificates().rules, {}, expected, after=after, recorded=days_left_yml(ends))
