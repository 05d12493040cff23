import httpx
import pytest

from tests.app.process import run_module
from tests.live.app.conftest import StartReplica
from tests.live.app.databases import Databases

pytestmark = pytest.mark.live


def test_no_output_holds_a_secret(migrated: Databases, start_replica: StartReplica) -> None:
    app = start_replica()
    with httpx.Client(base_url=app.url, trust_env=False, timeout=60) as client:
        paths = ("/ready", "/metrics", "/session", "/replica", "/openapi.json", "/writes/count?writer=w")
        texts = [client.get(path).text for path in paths]
    app.terminate()
    _, log = app.wait()
    migration = run_module("app.migrate", env=migrated.env)
    everything = "\n".join([*texts, log, migration.stdout, migration.stderr])
    assert "chat" in everything
    assert [secret for secret in migrated.secrets if secret in everything] == []
