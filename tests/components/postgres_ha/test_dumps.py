"""Logical dumps as they are rendered, and what of them is refused."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from components.postgres_ha.settings import PostgresSettings
from composition.read import check
from settings.faults import BrokenStack
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

SECRETS = {"s3_key": "k", "s3_secret": "s"}
S3 = {"endpoint": "10.0.0.9", "bucket": "backups", "key": "s3_key", "secret": "s3_secret"}


def document(platform: str, dumps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "platform": PLATFORMS[platform],
        "images": {"source": "sandbox"},
        "repositories": {"offsite": {"s3": S3}},
        "databases": {"main": {"dumps": {"repository": "offsite", **dumps}, **more}},
        "monitoring": {"alertmanager": {"receivers": [{"kind": "webhook", "url": "http://alerts.example.com/hook"}]}},
    }


def registered(platform: str, dumps: dict[str, Any] | None = None, **more: Any) -> dict[tuple[str, str], Recorded]:
    found = accepted(document(platform, dumps or {}, **more), secrets=SECRETS)
    return {(one.type.rpartition(":")[2], one.name): one for one in found}


def faults(platform: str, dumps: dict[str, Any], **change: Any) -> list[str]:
    with pytest.raises(BrokenStack) as broken:
        check(document(platform, dumps) | change, source="test", secret_names=frozenset(SECRETS))
    return [str(fault) for fault in broken.value.faults]


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_what_the_run_is_told(platform: str) -> None:
    found = list(registered(platform, {"keep": 3}, databases={"audit": {"owner": "auditor"}}).values())
    told = json.loads(text(found, "main-dumps-told"))
    assert told["databases"] == {"app": "app", "audit": "auditor"}
    assert (told["cluster"], told["keep"]) == ("main", 3)
    assert sorted(told["members"]) == ["main-pg-0", "main-pg-1", "main-pg-2"]
    assert set(json.loads(text(found, "main-dumps-passwords"))) == {"app", "auditor"}, "and no superuser's"
    configuration = text(found, "main-dumps-pgbackrest")
    assert "repo1-s3-endpoint=10.0.0.9\n" in configuration
    assert "repo1-cipher-type=aes-256-cbc\n" in configuration
    assert "repo1-cipher-pass=" in configuration


@pytest.mark.parametrize(("platform", "word"), [("kubernetes", "main-dumps"), ("swarm", "main-dumps-clock-0")])
def test_they_log_in_with_the_passwords_of_this_counter(platform: str, word: str) -> None:
    found = [*registered(platform, databases={"audit": {"owner": "auditor"}}, rotate={"passwords": 3}).values()]
    assert json.loads(text(found, "main-dumps-told"))["databases"] == {"app": "app_3", "audit": "auditor_3"}
    passwords = json.loads(text(found, "main-dumps-passwords"))
    assert passwords == {"app_3": "generated-main-owner.3", "auditor_3": "generated-main-role-auditor.3"}
    depends = {(one.type.rpartition(":")[2], one.name): one.depends_on for one in found}
    kind, job = {"kubernetes": ("CronJob", "Job"), "swarm": ("Service", "Service")}[platform]
    assert "main-pg-settings" in depends[kind, word], "which makes the logins"
    assert word in depends[job, "main-pg-rotated"], "which takes the former ones away"


def test_kubernetes_takes_them_by_the_clock_and_reaches_the_repository() -> None:
    found = registered("kubernetes", {"at": "30 1 * * *", "deadline": "2h"})
    spec = found["CronJob", "main-dumps"].inputs["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("30 1 * * *", "Forbid")
    (container,) = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"][-5:] == ["python3", "-m", "scripts.dump", "/etc/ha-dumps", "take"]
    variables = {one["name"]: one["value"] for one in container["env"]}
    assert variables["PGSSLMODE"] == "verify-full"
    assert "10.0.0.9" in json.dumps(found["NetworkPolicy", "main-dumps"].inputs)
    assert "10.0.0.9" not in json.dumps(found["NetworkPolicy", "main-dumps-clock"].inputs)


def test_swarm_takes_them_in_the_clock() -> None:
    spec = registered("swarm", {"host": "host3"})["Service", "main-dumps-clock-0"].inputs["taskSpec"]
    assert spec["containerSpec"]["commands"][:3] == ["python3", "/etc/ha-schedule", "keep"]
    assert "node.hostname==host3" in spec["placement"]["constraints"]


@pytest.mark.parametrize(("backups", "severity"), [(None, "critical"), ({"repositories": ["offsite"]}, "warning")])
def test_the_only_copies_wake_somebody(backups: Any, severity: str) -> None:
    found = list(registered("swarm", backups=backups).values())
    rules = "".join(text(found, one.name) for one in found if "groups:" in str(one.inputs.get("dataRaw", "")))
    part = rules.partition("alert: Schedule_main_dumpsFailed")[2].partition("- alert:")[0]
    assert f"severity: {severity}" in part


def test_an_image_without_pgbackrest_is_refused() -> None:
    assert any(
        "databases.main.dumps: needs pgBackRest" in fault
        for fault in faults("swarm", {}, images={"source": "upstream"})
    )


def test_a_repository_that_is_not_there_is_refused() -> None:
    assert any("databases.main.dumps.repository" in fault for fault in faults("swarm", {"repository": "other"}))


@pytest.mark.parametrize(
    ("dumps", "said"),
    [
        ({"at": "0 * * * *"}, "due every 1h, and may take a `deadline` of 4h"),
        ({"at": "0 2 * *"}, "five fields"),
        ({"keep": 0}, "greater than or equal to 1"),
        ({"deadline": 1}, "greater than or equal to 60"),
    ],
)
def test_what_they_cannot_be(dumps: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        PostgresSettings.model_validate({"dumps": {"repository": "offsite", **dumps}})


@pytest.mark.parametrize(("platform", "word"), [("kubernetes", "main-dumps"), ("swarm", "main-dumps-clock-0")])
@pytest.mark.parametrize(("rest", "scheme"), [("prepared", "http"), ("required", "https")])
def test_the_servers_are_asked_as_they_answer(platform: str, word: str, rest: str, scheme: str) -> None:
    found = registered(platform, tls={"rest": rest})
    texts = [json.dumps(one.inputs, sort_keys=True) for (_, name), one in found.items() if name == word]
    said = "".join(texts)
    if platform == "swarm":
        assert f'"HA_REST_SCHEME": "{scheme}"' in said
        assert '"HA_REST_TLS": "/etc/ha-dumps"' in said
    else:
        assert f'{{"name": "HA_REST_SCHEME", "value": "{scheme}"}}' in said
        assert '{"name": "HA_REST_TLS", "value": "/etc/ha-dumps"}' in said
