"""Patroni's REST API as it is rendered: not encrypted, both ways for whoever asks, and by TLS alone."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.postgres_ha.tls import rest_steps
from composition.read import check
from settings.faults import BrokenStack
from tests.live.require import refuse
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

HOOK = {"alertmanager": {"receivers": [{"kind": "webhook", "url_secret": "hook"}]}}
MODES = ("prepared", "required")


def registered(platform: str, rest: str | None, **main: Any) -> list[Recorded]:
    tls = {"tls": {"rest": rest}} if rest else {}
    database = {"members": 3, "reads": {}, "pooler": {}, **tls, **main}
    document = {"platform": PLATFORMS[platform], "databases": {"main": database}, "monitoring": HOOK}
    return accepted(document, secrets={"hook": "https://hooks.example.com/x"})


def cluster(found: list[Recorded]) -> dict[str, Any]:
    """Patroni's configuration."""
    configured: dict[str, Any] = yaml.safe_load(text(found, "main-pg-cluster"))
    return configured


def servers(found: list[Recorded], endpoint: str) -> dict[str, str]:
    """Of a proxy's configuration: each server, and how it is asked."""
    asked, listed = "", {}
    for line in text(found, f"main-{endpoint}-config").splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "default-server":
            asked = rest
        elif word == "server":
            listed[rest.split()[0]] = asked
    return listed


def containers(platform: str, found: list[Recorded], name: str) -> list[dict[str, Any]]:
    """Of a word that runs, with its variables as `env`."""
    if platform == "swarm":
        specs = [one.inputs["taskSpec"]["containerSpec"] for one in found if one.name in (name, f"{name}-0")
                 and "taskSpec" in one.inputs]  # fmt: skip
        return [spec for spec in specs if "env" in spec]
    pods = [one.inputs["spec"]["template"]["spec"] for one in found if one.name == name
            and "template" in one.inputs.get("spec", {})]  # fmt: skip
    return [
        each | {"env": {one["name"]: one.get("value", "") for one in each["env"]}}
        for pod in pods
        for each in pod["containers"]
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_without_the_word_nothing_is_there(platform: str) -> None:
    found = registered(platform, None)
    assert cluster(found)["restapi"] == {"listen": "0.0.0.0:8008"}
    assert "ctl" not in cluster(found)
    assert not [one.name for one in found if "HA_REST" in str(one.inputs.get("taskSpec", one.inputs.get("spec", "")))]
    assert not [one.name for one in found if "pg-settings-identity" in one.name]
    assert {"check-ssl" in asked for asked in servers(found, "rw").values()} == {False}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_required_members_answer_by_tls_and_want_a_certificate_for_changes(platform: str) -> None:
    found = registered(platform, "required")
    own, ca = "/tmp/ha-patroni/identity.pem", "/etc/ha-patroni/tls/ca.pem"
    assert cluster(found)["restapi"] == {
        "listen": "0.0.0.0:8008",
        "certfile": own,
        "cafile": ca,
        "verify_client": "optional",
    }
    assert cluster(found)["ctl"] == {"cacert": ca, "certfile": own}
    for name, directory in (("main-pg", "/etc/ha-patroni/tls"), ("main-pg-settings", "/etc/ha-settings")):
        (container, *_) = containers(platform, found, name)
        env = container["env"]
        assert {key: env[key] for key in env if key.startswith("HA_REST")} == {
            "HA_REST_SCHEME": "https",
            "HA_REST_TLS": directory,
        }


@pytest.mark.parametrize("platform", PLATFORMS)
def test_prepared_members_answer_as_before_and_know_the_others_by_either(platform: str) -> None:
    found = registered(platform, "prepared")
    assert cluster(found)["restapi"] == {"listen": "0.0.0.0:8008"}
    assert cluster(found)["ctl"] == cluster(registered(platform, "required"))["ctl"]
    (member, *_) = containers(platform, found, "main-pg")
    assert member["env"]["HA_REST_SCHEME"] == "http"
    assert "https" not in str(member.get("healthcheck"))


@pytest.mark.parametrize(("rest", "scheme"), [(None, "http"), ("prepared", "http"), ("required", "https")])
def test_platforms_ask_as_the_member_answers(rest: str | None, scheme: str) -> None:
    (swarm, *_) = containers("swarm", registered("swarm", rest), "main-pg")
    assert f"{scheme}://127.0.0.1:8008/readiness" in swarm["healthcheck"]["tests"][1]
    (pod, *_) = containers("kubernetes", registered("kubernetes", rest), "main-pg")
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert pod[probe]["httpGet"].get("scheme", "HTTP") == scheme.upper()


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("endpoint", ["rw", "ro"])
def test_the_proxies_verify_members_and_ask_both_ways_meanwhile(platform: str, endpoint: str) -> None:
    required, prepared = (servers(registered(platform, rest), endpoint) for rest in ("required", "prepared"))
    (verified,) = {*required.values()}
    assert " check-ssl verify required ca-file /etc/ha-proxy/ca.pem verifyhost " in verified
    host = verified.split("verifyhost ")[1].split()[0]
    assert host in text(registered(platform, "required"), f"main-{endpoint}-config").replace(verified, "")
    assert len(prepared) == 2 * len(required)
    for name, asked in prepared.items():
        assert ("check-ssl" in asked) is ("-tls-" in name), name


@pytest.mark.parametrize(("rest", "arguments"), [(None, ""), ("prepared", " checked"), ("required", " checked")])
def test_who_waits_for_a_primary_asks_so_too(rest: str | None, arguments: str) -> None:
    assert f"  lua-load /etc/ha-proxy/wait.lua{arguments}\n" in text(registered("swarm", rest), "main-rw-config")


@pytest.mark.parametrize("endpoint", ["rw", "ro"])
@pytest.mark.parametrize("rest", MODES)
def test_haproxy_accepts_what_is_rendered(rest: str, endpoint: str, tmp_path: Path) -> None:
    haproxy = shutil.which("haproxy")
    if haproxy is None:
        refuse("not here: haproxy (a Debian package)")
    found = registered("swarm", rest)
    program = tmp_path / "wait.lua"
    program.write_text(text(found, "main-rw-wait"))
    config = text(found, f"main-{endpoint}-config")
    config = config.replace("/etc/ha-proxy/ca.pem", "@system-ca").replace("/etc/ha-proxy/wait.lua", str(program))
    done = subprocess.run(
        [haproxy, "-W", "-c", "-f", "/dev/stdin"], input=config, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("platform", PLATFORMS)
def test_prometheus_verifies_the_members(platform: str) -> None:
    def scraped(rest: str | None) -> tuple[dict[str, Any], list[Recorded]]:
        found = registered(platform, rest)
        jobs = yaml.safe_load(text(found, "prometheus-config"))["scrape_configs"]
        (job,) = (one for one in jobs if one["job_name"] == "postgres-main")
        return job, found

    job, found = scraped("required")
    assert job["scheme"] == "https"
    assert job["tls_config"]["server_name"] in text(found, "main-pg-settings-wanted")
    (path, wanted) = job["tls_config"]["ca_file"], "main-pg-ca"
    (prometheus,) = (
        one
        for one in found
        if one.name in ("prometheus", "prometheus-0") and path.rpartition("/")[2] in str(one.inputs)
    )
    assert wanted in str(prometheus.inputs)
    for rest in (None, "prepared"):
        assert "scheme" not in scraped(rest)[0]


@pytest.mark.parametrize(
    ("runs", "wanted", "refused"),
    [
        ("", "", ""),
        ("", "prepared", ""),
        ("", "required", "Write `prepared`"),
        ("prepared", "", ""),
        ("prepared", "prepared", ""),
        ("prepared", "required", ""),
        ("required", "", "Write `required` again"),
        ("required", "prepared", "Write `required` again"),
        ("required", "required", ""),
    ],
)
def test_a_running_database_changes_by_steps(runs: str, wanted: str, refused: str) -> None:
    why = rest_steps(runs, wanted)
    assert bool(why) is bool(refused)
    assert refused in why


def test_another_word_is_refused_by_its_path() -> None:
    document = {"platform": PLATFORMS["swarm"], "databases": {"main": {"tls": {"rest": "offered"}}}}
    with pytest.raises(BrokenStack, match=r"databases\.main\.tls\.rest.*offered"):
        check(document, source="test", secret_names=frozenset())
