"""Certificates of the servers as they are rendered, what applications get of them, and how a member begins."""

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.postgres_ha.files.encryption import LENIENT, TAG, Member
from composition.compose import compose
from composition.read import StackInput, check
from settings.faults import BrokenStack
from tests.mock_engine import Recorded, render
from tests.rendered.process import process
from tests.rendered.texts import PLATFORMS, accepted, text

REQUIRED = {"tls": {"clients": "required"}}
CA = "/run/secrets/main-ca.crt"
VERIFIED = f"sslmode=verify-full&sslrootcert={CA}"
APP = {"image": "registry.example.com/web:1.0", "port": 8000, "command": ["serve"]}


def registered(platform: str, uses: Any = "DATABASE", **main: Any) -> list[Recorded]:
    uses = uses if isinstance(uses, dict) and "prefix" not in uses else {"main": uses}
    web = {**APP, "uses": uses, "migrations": {"command": ["migrate"]}}
    return accepted({"platform": PLATFORMS[platform], "databases": {"main": main}, "apps": {"web": web}}, secrets={})


def rules(found: list[Recorded]) -> list[str]:
    """Of `pg_hba.conf`."""
    lines: list[str] = yaml.safe_load(text(found, "main-pg-cluster"))["postgresql"]["pg_hba"]
    return lines


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_certificate_has_every_name_by_which_a_server_is_reached(platform: str) -> None:
    found = registered(platform, reads={})
    (request,) = (one.inputs for one in found if one.name == "main-pg-identity-request")
    env = process(found, "web").env
    wanted = yaml.safe_load(text(found, "main-pg-settings-wanted"))
    names = {*wanted["members"].values(), env["DATABASE_HOST"], env["DATABASE_READ_HOST"], "localhost"}
    assert {*request["dnsNames"]} == names
    without = registered(platform)
    (same,) = (one.inputs for one in without if one.name == "main-pg-identity-request")
    assert same == request, "an endpoint that is added later changes no certificate"


@pytest.mark.parametrize("platform", PLATFORMS)
def test_by_default_applications_are_told_nothing_and_replication_is_encrypted(platform: str) -> None:
    found = registered(platform)
    assert rules(found)[-1] == "host all all all scram-sha-256"
    assert "hostssl replication replicator all scram-sha-256" in rules(found)
    assert not [one for one in rules(found) if one.startswith("host ") and "replication" in one]
    told = process(found, "web")
    assert not [one for one in (*told.env, *told.files) if "TLS" in one or "CA" in one or "crt" in one]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_required_an_application_verifies_and_so_do_its_migrations(platform: str) -> None:
    found = registered(platform, reads={}, **REQUIRED)
    assert rules(found)[-1] == "hostssl all all all scram-sha-256"
    told = process(found, "web")
    assert told.env["DATABASE_TLS_MODE"] == "verify-full"
    assert told.env["DATABASE_CA_FILE"] == CA
    assert told.files[CA] == text(found, "main-pg-ca")
    assert told.files["/run/secrets/database_url"].endswith(f"?target_session_attrs=read-write&{VERIFIED}")
    assert told.files["/run/secrets/database_read_url"].endswith(f"?target_session_attrs=any&{VERIFIED}")
    (migration,) = (one for one in found if one.name == "web-migrate" and CA.rpartition("/")[2] in str(one.inputs))
    assert "DATABASE_CA_FILE" in str(migration.inputs)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_settings_job_verifies(platform: str) -> None:
    for main in ({}, REQUIRED):
        (job,) = (
            one
            for one in registered(platform, **main)
            if one.name == "main-pg-settings" and "verify-full" in str(one.inputs)
        )
        assert "/etc/ha-settings" in str(job.inputs)
        assert "ca.pem" in str(job.inputs)


@pytest.mark.parametrize(
    ("preset", "query"),
    [
        ("libpq", f"?connect_timeout=5&target_session_attrs=read-write&{VERIFIED}"),
        ("asyncpg", f"?{VERIFIED}"),
        ("sqlalchemy-asyncpg", "?ssl=verify-full"),
        ("sqlalchemy-pg8000", ""),
        ("jdbc", f"&connectTimeout=5&targetServerType=primary&{VERIFIED}"),
    ],
)
def test_each_librarys_url_verifies(preset: str, query: str) -> None:
    use = {"prefix": "DATABASE", "preset": preset, "inject": "variables"}
    found = process(registered("swarm", use, reads={}, **REQUIRED), "web")
    assert found.env["DATABASE_URL"].endswith(query or ":5432/app")
    reads = found.env["DATABASE_READ_URL"].replace("main-ro", "main-rw").replace("attrs=any", "attrs=read-write")
    assert reads.replace("Type=any", "Type=primary") == found.env["DATABASE_URL"]
    root = {"sqlalchemy-asyncpg": "PGSSLROOTCERT", "sqlalchemy-pg8000": "DATABASE_CA_FILE"}.get(preset)
    assert root is None or found.env[root] == CA
    assert CA in found.files


@pytest.mark.parametrize("platform", PLATFORMS)
def test_databases_and_roles_of_one_cluster_have_one_certificate(platform: str) -> None:
    keys = {"databases": {"analytics": {}}, "roles": {"reader": {"grants": {"analytics": "read"}}}}
    uses = {
        "main": {"prefix": "DATABASE", "preset": "sqlalchemy-asyncpg"},
        "main/analytics": {"prefix": "ANALYTICS", "preset": "sqlalchemy-asyncpg", "role": "reader"},
    }
    found = process(registered(platform, uses, **keys, **REQUIRED), "web")
    assert found.env["PGSSLROOTCERT"] == CA
    for name, user in (("database", "app"), ("analytics", "reader")):
        url = found.files[f"/run/secrets/{name}_url"]
        assert url.startswith(f"postgresql+asyncpg://{user}:")
        assert url.endswith("?ssl=verify-full")


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_pooler_has_a_certificate_of_its_own_and_verifies_the_servers(platform: str) -> None:
    for main, clients in (({}, "allow"), (REQUIRED, "require")):
        found = registered(platform, {"prefix": "DATABASE", "pooled": True}, pooler={}, **main)
        config = text(found, "main-pooler-config")
        assert "server_tls_sslmode = verify-full\n" in config
        assert f"client_tls_sslmode = {clients}\n" in config
    (request,) = (one.inputs for one in found if one.name == "main-pooler-identity-request")
    told = process(found, "web")
    assert {*request["dnsNames"]} == {told.env["DATABASE_HOST"], "localhost"}
    assert "main-pooler" in told.env["DATABASE_HOST"]
    assert told.files["/run/secrets/database_url"].endswith(VERIFIED)
    assert told.files[CA] == text(found, "main-pg-ca")


def test_two_clusters_for_a_library_that_knows_one_certificate_are_refused() -> None:
    uses = {name: {"prefix": name.upper(), "preset": "sqlalchemy-asyncpg"} for name in ("main", "second")}
    databases = dict.fromkeys(uses, {"members": 1} | REQUIRED)
    document = {"platform": PLATFORMS["swarm"], "databases": databases, "apps": {"web": {**APP, "uses": uses}}}
    stack = check(document, source="two", secret_names=frozenset())
    with pytest.raises(BrokenStack) as refused:
        render(lambda _: compose(StackInput(source="two", stack=stack, secrets={}), stack_name="two"), stack="two")
    assert "`main` in `uses` and `second` both set it" in str(refused.value)
    assert "PGSSLROOTCERT" in str(refused.value)


@pytest.fixture
def member(tmp_path: Path) -> Callable[..., Member]:
    """One that has data, or the mark; its mounts have one file of Patroni's and a key that the group can read."""
    mounted, volume = tmp_path / "mounted", tmp_path / "volume"
    for path, kept in (("config/10-cluster.yml", "scope: main\n"), ("tls/identity.pem", "key")):
        (mounted / path).parent.mkdir(parents=True)
        (mounted / path).write_text(kept)
    (mounted / "tls/identity.pem").chmod(0o440)
    volume.mkdir()

    def begun(*, data: bool = False, mark: bool = False, rest: str = "") -> Member:
        if data:
            (volume / "pgdata").mkdir(exist_ok=True)
            (volume / "pgdata/PG_VERSION").write_text("15")
        if mark:
            (volume / ".tls").touch()
        one = Member(tmp_path / "own", volume, mounted, rest=rest)
        one.prepare()
        return one

    return begun


def configured(tmp_path: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in (tmp_path / "own/config").iterdir()}


ENCRYPTS: dict[str, Any] = {"name": "a", "tags": {TAG: True}}
PLAIN: dict[str, Any] = {"name": "b"}
STRICT = {"10-cluster.yml": "scope: main\n"}
LENIENTLY = STRICT | {"90-lenient.yml": LENIENT}


def test_the_key_is_its_owner_s_alone_also_in_a_second_start(member: Callable[..., Member], tmp_path: Path) -> None:
    for _ in range(2):
        member()
        assert stat.S_IMODE((tmp_path / "own/identity.pem").stat().st_mode) == 0o600
        assert (tmp_path / "own/identity.pem").read_text() == "key"


@pytest.mark.parametrize(
    ("data", "mark", "begins"),
    [(False, False, STRICT), (True, False, LENIENTLY), (True, True, STRICT), (False, True, STRICT)],
)
def test_who_has_data_from_an_earlier_version_begins_lenient(
    member: Callable[..., Member], tmp_path: Path, data: bool, mark: bool, begins: dict[str, str]
) -> None:
    member(data=data, mark=mark)
    assert configured(tmp_path) == begins


def test_it_is_strict_from_when_every_member_encrypts(member: Callable[..., Member], tmp_path: Path) -> None:
    one = member(data=True)
    seen: list[list[dict[str, Any]]] = [[ENCRYPTS, ENCRYPTS], [ENCRYPTS, ENCRYPTS, PLAIN], []]
    for members in seen:
        assert not one.look(members, 3), "one is missing, or does not encrypt"
        assert not one.changed
        assert configured(tmp_path) == LENIENTLY
    assert one.look([ENCRYPTS] * 3, 3), "Patroni is to read it"
    assert one.changed
    assert configured(tmp_path) == STRICT
    member(data=True)
    assert configured(tmp_path) == STRICT, "also after a restart"


def test_an_empty_one_follows_who_cannot_be_verified_when_it_sees_one(
    member: Callable[..., Member], tmp_path: Path
) -> None:
    one = member()
    assert not one.look([ENCRYPTS], 3)
    assert configured(tmp_path) == STRICT
    assert one.look([ENCRYPTS, PLAIN], 3)
    assert configured(tmp_path) == LENIENTLY
    assert not one.look([ENCRYPTS, PLAIN], 3), "once"
    assert one.look([ENCRYPTS] * 3, 3)
    assert configured(tmp_path) == STRICT


def test_rest_is_encrypted_from_the_beginning_or_after_a_first_step(member: Callable[..., Member]) -> None:
    """Also where another program than this one's commands has rendered the wrong order."""
    member(rest="https")
    member(data=True, rest="https")
    member(data=True)
    with pytest.raises(SystemExit, match="rest: prepared"):
        member(data=True, rest="https")
    member(data=True, rest="http")
    member(data=True, rest="https")
