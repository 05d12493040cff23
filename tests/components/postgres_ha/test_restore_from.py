"""A database that begins as another one was: what its members have, on both platforms."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from components.postgres_ha.files.backup_target import Refused, chosen, moment_of
from components.postgres_ha.restore_settings import RestoreFromSettings
from tests.mock_engine import Recorded
from tests.rendered.texts import PLATFORMS, accepted, text

MOMENT = "2026-01-31 10:12:00"
SECRETS = {"s3_key": "k", "s3_secret": "s"}
FULL = {"label": "20260125-020000F", "ended": 1000, "verified": 0, "broken": False, "failed": ""}
BROKEN = {"label": "20260126-020000F", "ended": 2000, "verified": 0, "broken": True, "failed": "a file is cut"}


def registered(platform: str, **copy: Any) -> list[Recorded]:
    s3 = {"bucket": "backups", "key": "s3_key", "secret": "s3_secret"}
    document = {
        "platform": PLATFORMS[platform],
        "images": {"source": "sandbox"},
        "repositories": {
            "offsite": {"s3": {"endpoint": "10.0.0.9", **s3}},
            "second": {"s3": {"endpoint": "10.0.0.8", "port": 8333, **s3}},
        },
        "databases": {
            "main": {"members": 1, "database": "shop", "backups": {"repositories": ["offsite", "second"]}},
            "copy": {
                "members": 1,
                "database": "shop",
                "restore_from": {"database": "main", "repository": "second", "to": MOMENT, "timeline": 3},
                **copy,
            },
        },
    }
    return accepted(document, secrets=SECRETS)


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
@pytest.mark.parametrize("own", [{}, {"backups": {"repositories": ["offsite"]}}], ids=["without", "with backups"])
def test_its_members_read_the_other_ones_backups_and_nothing_else(platform: str, own: dict[str, Any]) -> None:
    found = registered(platform, **own)
    told = json.loads(text(found, "copy-pg-from"))
    assert (told["stanza"], told["repositories"], told["to"], told["timeline"]) == ("main", ["second"], MOMENT, "3")
    configuration = text(found, "copy-pg-from-pgbackrest")
    assert "repo1-s3-endpoint=10.0.0.8\n" in configuration
    assert "repo1-storage-port=8333\n" in configuration
    assert f"[main]\npg1-path={told['volume']}/pgdata\n" in configuration
    assert "repo2" not in configuration
    assert "10.0.0.9" not in configuration
    begins = yaml.safe_load(text(found, "copy-pg-cluster"))["bootstrap"]["repository"]["command"]
    options = [*(("--own", "/etc/ha-patroni/backups") if own else ()), "--other", "/etc/ha-patroni/restore-from"]
    assert begins.split()[-len(options) :] == options
    assert begins.split()[-len(options) - 1] == "scripts.backup_bootstrap"
    wanted = json.loads(text(found, "copy-pg-settings-wanted"))["configuration"]
    assert ("archive_command" in json.dumps(wanted)) == bool(own), "the copy's log is its own, if it is kept at all"
    assert "archive_push.sh main " not in json.dumps(wanted)


def test_a_network_policy_opens_that_repository() -> None:
    policies = [one for one in registered("kubernetes") if one.type.endswith(":NetworkPolicy")]
    (mine,) = (one for one in policies if "10.0.0.8" in json.dumps(one.inputs) and "copy" in json.dumps(one.inputs))
    assert "10.0.0.9" not in json.dumps(mine.inputs)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("latest", "latest"),
        ("20260125-020000F_20260126-020000I", "20260125-020000F_20260126-020000I"),
        ("2026-01-31T10:12:00+02:00", "2026-01-31T10:12:00+02:00"),
        (datetime(2026, 1, 31, 10, 12, tzinfo=UTC), "2026-01-31 10:12:00+00:00"),  # YAML without quotes
    ],
)
def test_until_when(said: object, kept: str) -> None:
    found = RestoreFromSettings.model_validate({"database": "main", "repository": "offsite", "to": said})
    assert found.to == kept


def test_a_time_is_in_utc_unless_it_says_a_zone() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp()
    assert moment_of("2026-01-31 12:00") == moment_of("2026-01-31T13:00:00+01:00") == noon
    assert moment_of("latest") is None
    assert moment_of("20260125-020000F") is None
    with pytest.raises(ValueError, match="neither a time"):
        moment_of("yesterday")


def test_what_a_member_is_told() -> None:
    assert chosen("latest", "2", [FULL], 3000) == {"timeline": "2"}
    assert chosen("20260125-020000F", "", [FULL, BROKEN], 3000) == {"label": "20260125-020000F", "timeline": ""}
    assert chosen("1970-01-01 00:20:00", "", [FULL], 3000) == {"time": "1970-01-01 00:20:00.000000+00", "timeline": ""}
    for to, why in {
        "": "TO is missing",
        "1970-01-01 00:10:00": "outside the archive",
        "2026-01-01": "outside the archive",
        "20260126-020000F": "a file is cut",
        "20260127-020000F": "none of the backups",
    }.items():
        with pytest.raises(Refused, match=why):
            chosen(to, "", [FULL, BROKEN], 3000)
    with pytest.raises(Refused, match="there is no backup"):
        chosen("latest", "", [], 3000)
