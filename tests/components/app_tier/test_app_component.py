"""The words that an application tier says, and what it gives to balancers and to monitoring."""

from typing import Any

import pulumi
import pytest

from components.app_tier import AppTier
from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract, Terms
from components.facts import FactType
from model import Image, Job, Origin, Secret, SharedVolumeRef, Tier, Workload
from platforms.base import Unsupported
from tests.components.recorder import Recorder, recorded

IMAGE = Image(ref="registry.example.com/web:1", uid=10001, gid=10001)

TERMS = Terms(
    facts={"host": FactType.HOST, "user": FactType.TEXT, "password": FactType.PASSWORD},
    standard=("host", "password"),
    presets={"lib": {"_URL": "x://{user}:{password}@{host}", "_NAME": "{user}"}},
)


def made(**settings: Any) -> tuple[AppTier, Recorder]:
    """A tier that may use the database `main`, the given secret `key` and the shared volume `files`."""
    model = AppTierSettings.model_validate({"image": "registry.example.com/web:1", "port": 8000, **settings})

    def build(platform: Recorder) -> AppTier:
        parent = pulumi.ComponentResource("test:index:Database", "main")
        password = platform.secret(Secret(name="main-password", value="p"), parent=parent)
        contract = ClientContract(
            terms=TERMS,
            values={"host": "main-rw", "user": "me", "password": pulumi.Output.secret("p/w")},
            secrets={"password": password},
            resources=(parent,),
        )
        given = {"key": platform.secret(Secret(name="given-key", value="k"), parent=parent)}
        files = SharedVolumeRef(name="files", object_name="files", place="here", resources=(parent,))
        return AppTier(
            "web",
            model,
            platform=platform,
            image=IMAGE,
            contracts={"main": contract},
            given=given,
            volumes={"files": files},
        )

    return recorded(build, type_="ha-platform:app:AppTier")


def test_the_workload() -> None:
    component, platform = made(longest_request=60)
    word = platform.one(Workload)
    assert (word.name, word.origin, word.tier) == ("web", Origin(key="apps", name="web"), Tier.APP)
    assert word.replicas == 2, "one may fail or be updated"
    assert [(port.name, port.number) for port in word.ports] == [("http", 8000)]
    assert word.container.stop.grace_seconds > 60, "the longest request ends before the process is killed"
    assert word.container.env["GRACE_SECONDS"] == "60"
    assert word.container.security.read_only_root
    assert component.endpoint.host == "web"
    assert component.max_replicas == 2 + 1, "one more during a rollout"


def test_what_it_uses_arrives_as_variables_and_files_and_is_waited_for() -> None:
    _, platform = made(uses={"main": "DATABASE"}, secrets={"api.key": "key"})
    word = platform.one(Workload)
    assert word.container.env["DATABASE_HOST"] == "main-rw"
    path = word.container.env["DATABASE_PASSWORD_FILE"]
    files = {file.path: file.source.name for file in word.container.files}
    assert files == {path: "main-password", "/run/secrets/api.key": "given-key"}
    assert not {"DATABASE_PASSWORD"} & set(word.container.env), "a password is in no plain variable"
    assert word.depends_on


def test_own_names_hold_facts_and_texts_with_secrets_become_secrets() -> None:
    use = {"env": {"SERVER": "{host}", "PGPASSWORD": "{password}", "URL": "x://{user}:{password}@{host}"}}
    _, platform = made(uses={"main": use})
    word = platform.one(Workload)
    env = {name: value for name, value in word.container.env.items() if name != "GRACE_SECONDS"}
    assert env == {
        "SERVER": "main-rw",
        "PGPASSWORD_FILE": "/run/secrets/pgpassword",
        "URL_FILE": "/run/secrets/url",
    }
    files = {file.path: file.source.name for file in word.container.files}
    assert files == {"/run/secrets/pgpassword": "main-password", "/run/secrets/url": "web-url"}
    assert platform.secrets["web-url"] == "x://me:p%2Fw@main-rw"


def test_a_preset_takes_the_place_of_one_variable_for_each_fact() -> None:
    use = {"prefix": "DB", "preset": "lib", "env": {"SERVER": "{host}"}, "inject": "variables"}
    _, platform = made(uses={"main": use}, command=["serve"])
    word = platform.one(Workload)
    assert {name: value for name, value in word.container.env.items() if name != "GRACE_SECONDS"} == {
        "DB_NAME": "me",
        "SERVER": "main-rw",
    }
    assert {name: ref.name for name, ref in word.container.secret_env.items()} == {"DB_URL": "web-db-url"}
    assert platform.secrets["web-db-url"] == "x://me:p%2Fw@main-rw"


def test_a_long_variable_has_a_secret_with_a_name_that_every_platform_takes() -> None:
    names = [f"{'VERY_' * 20}LONG_{end}" for end in "AB"]
    _, platform = made(uses={"main": {"env": dict.fromkeys(names, "x://{password}")}})
    made_names = [word.name for word in platform.words if isinstance(word, Secret) and word.name.startswith("web-")]
    assert len(set(made_names)) == 2
    assert all(len(name) <= 50 for name in made_names)


def test_a_variable_that_two_set_is_refused() -> None:
    with pytest.raises(Unsupported, match="also sets it"):
        made(uses={"main": {"env": {"SERVER": "{host}"}}}, env={"SERVER": "x"})
    with pytest.raises(Unsupported, match="also sets it"):
        made(uses={"main": {"env": {"KEY": "x{password}"}}}, env={"KEY_FILE": "x"})


def test_secrets_as_variables_go_through_the_launcher() -> None:
    word = made(secret_env={"API_KEY": "key"}, command=["serve"])[1].one(Workload)
    assert {name: ref.name for name, ref in word.container.secret_env.items()} == {"API_KEY": "given-key"}
    assert "API_KEY" not in word.container.env


def test_a_migration_runs_first_and_sees_what_the_application_sees() -> None:
    settings = {"uses": {"main": "DATABASE"}, "env": {"MODE": "fast"}}
    _, platform = made(migrations={"command": ["migrate", "up"], "retries": 1}, **settings)
    job, word = platform.one(Job), platform.one(Workload)
    assert (job.name, job.container.command, job.container.args, job.retries) == (
        "web-migrate",
        ("migrate", "up"),
        (),
        1,
    )
    assert (job.container.env, job.container.files) == (word.container.env, word.container.files)
    assert job.origin == Origin(key="apps", name="web").at("migrations")
    assert len(word.depends_on) > len(job.depends_on), "the replicas wait for the job, too"


def test_devices_are_for_replicas_and_not_for_the_migration() -> None:
    _, platform = made(devices={"gpu": 1}, migrations={"command": ["migrate"]})
    assert (platform.one(Workload).container.devices, platform.one(Job).container.devices) == ({"gpu": 1}, {})


def test_root_is_a_named_exception() -> None:
    container = made(run_as="root", security={"allow_root": True})[1].one(Workload).container
    assert container.security.allow_root
    assert container.security.read_only_root
    with pytest.raises(ValueError, match="needs `security"):
        made(run_as="root")


def test_scaling_decides_the_replicas() -> None:
    component, platform = made(scaling={"min": 3, "max": 8, "cpu": 60})
    word = platform.one(Workload)
    assert word.scaling is not None
    assert (word.replicas, word.scaling.max_replicas) == (3, 8)
    assert component.max_replicas == 8 + 1


def test_ports_have_names_that_probes_and_metrics_may_use() -> None:
    settings = {"ports": {"admin": 9000, "grpc": 50051}, "probes": {"port": "admin"}, "metrics": {"port": "admin"}}
    component, platform = made(**settings)
    word = platform.one(Workload)
    assert [(port.name, port.number) for port in word.ports] == [("http", 8000), ("admin", 9000), ("grpc", 50051)]
    assert {probe.check.port for probe in (word.probes.ready, word.probes.live)} == {9000}
    (target,) = component.observability.targets
    assert target.port == 9000


def test_a_tier_may_have_named_ports_alone() -> None:
    """Its checks are commands, or go to one of them."""
    for probes in ({"command": ["check"]}, {"port": "admin"}):
        word = made(port=None, ports={"admin": 9000}, probes=probes)[1].one(Workload)
        assert [(port.name, port.number) for port in word.ports] == [("admin", 9000)]


@pytest.mark.parametrize(
    ("metrics", "port"),
    [({}, 8000), ({"port": 9000, "path": "/m"}, 9000), ({"port": 8000}, 8000)],
)
def test_metrics_are_declared_where_they_are_served(metrics: dict[str, Any], port: int) -> None:
    component, platform = made(metrics=metrics)
    (target,) = component.observability.targets
    assert (target.job, target.replicas_host, target.port) == ("app-web", "tasks.web", port)
    assert port in {one.number for one in platform.one(Workload).ports}
    (rule,) = component.observability.rules
    assert rule.name.startswith("App_web")


def test_without_metrics_nothing_is_declared() -> None:
    assert made()[0].observability.targets == ()
