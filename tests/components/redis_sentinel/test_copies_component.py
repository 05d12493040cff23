"""The copier's words: what it is given, what it may reach, and that a group without copies has none of it."""

import json
from typing import Any

import pulumi
import pytest

from components.contracts import BackupRepository
from components.redis_sentinel import RedisSentinel
from components.redis_sentinel.settings import RedisSettings
from model import Image, Job, Members, Outside, Workload
from tests.components.recorder import Recorder, recorded
from tests.components.redis_sentinel.test_redis_component import EXPORTER, IMAGE

COPIER_IMAGE = Image(ref="registry.example.com/postgres:17", uid=101, gid=103)
OUTSIDE = Outside(port=443)
COPIED: dict[str, Any] = {"backups": {"repository": "offsite", "schedule": "0 4 * * *", "keep": 3}}


def repository() -> BackupRepository:
    secrets = {
        option: pulumi.Output.secret(f"the-{name}") for option, name in (("s3-key", "key"), ("s3-key-secret", "secret"))
    }
    options = {"type": "s3", "path": "/test", "s3-endpoint": "s3.example.com", "s3-bucket": "b"}
    passphrase = pulumi.Output.secret("the-passphrase")
    return BackupRepository(options=options, secrets=secrets, passphrase=passphrase, outside=(OUTSIDE,))


def made(**settings: Any) -> tuple[RedisSentinel, Recorder]:
    model = RedisSettings.model_validate({"role": "session", **settings})
    return recorded(
        lambda platform: RedisSentinel(
            "jobs",
            model,
            platform=platform,
            image=IMAGE,
            exporter_image=EXPORTER,
            copier_image=COPIER_IMAGE,
            repository=repository(),
        ),
        type_="ha-platform:data:RedisSentinel",
    )


def test_a_copier_and_its_server() -> None:
    group, platform = made(**COPIED, maxmemory=100 * 2**20, placement={"labels": {"disk": "fast"}})
    copier, trial = (platform.one(Workload, f"jobs-copies{suffix}") for suffix in ("", "-trial"))
    assert (copier.container.image, trial.container.image) == (COPIER_IMAGE, IMAGE.image)
    assert (copier.outside, trial.outside) == ((OUTSIDE,), ()), "the repository, and from the trial nothing"
    assert copier.rollout.order == "stop-first", "two would take the same copy"
    assert trial.container.resources.memory_limit_bytes > 150 * 2**20
    assert {str(word.origin) for word in (copier, trial)} == {"ha-platform:stack.caches.jobs.backups"}
    assert copier.node_labels == trial.node_labels == {"disk": "fast"}
    assert platform.names(Job) == {"jobs-copies-orders"}
    told = json.loads(platform.text("jobs-copies-agent"))
    assert (told["schedule"], told["keep"], told["repository"]) == ("0 4 * * *", 3, "offsite")
    assert {rule.name for rule in group.observability.rules} >= {
        "Redis_jobsBackupOverdue", "Redis_jobsBackupVerifyFailed", "Redis_jobsBackupFailed"}  # fmt: skip
    assert "jobs-copies" in {target.job for target in group.observability.targets}


def test_who_copies_has_a_user_and_nobody_else_gets_its_password() -> None:
    _, platform = made(**COPIED)
    (line,) = (line for line in platform.secrets["jobs-redis-users"].splitlines() if " ha_copies " in line)
    words = line.split()
    password = words[3].removeprefix(">")
    assert {"+sync", "+restore", "+flushall"} <= {*words}
    assert not {"+@all", "+config", "+acl", "+get"} & {*words}
    holders = {name for name, value in platform.secrets.items() if password in value}
    assert holders == {"jobs-redis-users", "jobs-copies-source-secrets"}


def test_what_is_secret_is_in_no_plain_file() -> None:
    _, platform = made(**COPIED)
    configuration = platform.secrets["jobs-copies-pgbackrest"]
    for line in ("repo1-s3-key=the-key", "repo1-s3-key-secret=the-secret", "repo1-cipher-pass=the-passphrase"):
        assert line in configuration.splitlines()
    assert platform.secrets["jobs-copies-passphrase"] == "the-passphrase"


def test_with_encryption_both_have_a_certificate_of_the_group() -> None:
    _, platform = made(**COPIED, tls={})
    assert platform.identities["jobs-copies-identity"] == ("jobs-copies", "jobs-copies-trial")
    for name in ("jobs-copies", "jobs-copies-trial"):
        files = {file.path.rpartition("/")[2] for file in platform.one(Workload, name).container.files}
        assert {"ca.pem", "identity.pem"} <= files
    assert "tls-replication yes" in platform.text("jobs-copies-trial-config")
    assert json.loads(platform.text("jobs-copies-source"))["tls"] is True
    _, before = made(tls={})
    assert platform.identities["jobs-redis-identity"] == before.identities["jobs-redis-identity"]


def test_without_copies_nothing_is_there() -> None:
    _, platform = made()
    assert not any("copies" in name for kind in (Workload, Members, Job) for name in platform.names(kind))
    assert "ha_copies" not in platform.secrets["jobs-redis-users"]


@pytest.mark.parametrize("role", ["broker", "lock", "session"])
def test_copies_are_for_roles_that_persist(role: str) -> None:
    assert RedisSettings.model_validate({"role": role, **COPIED}).backups
    with pytest.raises(ValueError, match="`backups` are for roles that persist"):
        RedisSettings.model_validate({"role": "cache", **COPIED})
