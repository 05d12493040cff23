"""PostgreSQL's parameters: what a text becomes, and where it goes."""

import json
from typing import Any

import pytest
import yaml

from components.postgres_ha.files.differences import difference
from components.postgres_ha.parameters import NARROWER, majors, parameters, value_of
from tests.rendered.texts import PLATFORMS, accepted, text


def rendered(given: dict[str, Any], **keys: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The configuration in the store, and the members' own file."""
    database = {"members": 1, "parameters": given, **keys}
    registered = accepted({"platform": PLATFORMS["swarm"], "databases": {"main": database}}, secrets={})
    stored: dict[str, Any] = json.loads(text(registered, "main-pg-settings-wanted"))["configuration"]
    own: dict[str, Any] = yaml.safe_load(text(registered, "main-pg-cluster"))
    return stored, own["postgresql"]["parameters"]


@pytest.mark.parametrize("major", majors())
@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("work_mem", "64MB", 65536),
        ("work_mem", "65536", 65536),
        ("work_mem", "0.5 GB", 524288),
        ("shared_buffers", "1GB", 131072),
        ("statement_timeout", "2min", 120_000),
        ("log_min_duration_statement", "-1", -1),
        ("autovacuum_vacuum_cost_delay", "2ms", "2"),
        ("random_page_cost", "1.10", "1.1"),
        ("seq_page_cost", "1e-05", "1e-05"),
        ("jit", "False", "off"),
        ("synchronous_commit", "REMOTE_APPLY", "remote_apply"),
        ("log_line_prefix", "%m [%p] ", "%m [%p] "),
        ("pg_stat_statements.max", "10000", "10000"),
    ],
)
def test_a_text_becomes_what_the_server_shows(major: int, name: str, written: str, value: int | str) -> None:
    assert value_of(name, written, major) == value


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("work_mem", "64mb"),
        ("work_mem", "8kB 1"),
        ("work_mem", "010MB"),
        ("work_mem", "1e999MB"),
        ("statement_timeout", "1MB"),
        ("max_worker_processes", "8kB"),
        ("random_page_cost", "nan"),
        ("random_page_cost", "2.2e-309"),
        ("random_page_cost", "2.2250738585072014e-308"),
        ("jit", ""),
    ],
)
def test_what_the_server_reads_otherwise_is_refused(name: str, written: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        value_of(name, written, 15)


@pytest.mark.parametrize("major", majors())
def test_every_known_parameter_takes_its_own_bounds(major: int) -> None:
    for one in parameters(major).values():
        for written in (*(each for each in (one.least, one.most) if one.type in ("integer", "real")), *one.choices):
            assert one.name in NARROWER or str(one.value(written)).lower() == str(written).lower() or one.type == "real"


def test_the_stack_files_values_replace_the_platforms_own() -> None:
    stored, _ = rendered({"wal_keep_size": "1GB", "work_mem": "16MB", "jit": False, "auto_explain.log_analyze": True})
    assert stored["postgresql"]["parameters"]["wal_keep_size"] == 1024
    assert stored["postgresql"]["parameters"]["jit"] == "off"
    assert stored["postgresql"]["parameters"]["auto_explain.log_analyze"] == "on"
    names = ["auto_explain.log_analyze", "jit", "wal_keep_size", "work_mem"]
    assert stored["ha-platform"] == {"database": "app", "parameters": names}


def test_shared_buffers_stand_in_the_members_file_alone() -> None:
    """Where the default stands, too: what a member's file says, Patroni does not take from its store."""
    stored, own = rendered({"shared_buffers": "300MB"})
    assert own["shared_buffers"] == "307200kB"
    assert "shared_buffers" not in stored["postgresql"]["parameters"]
    assert stored["ha-platform"]["parameters"] is None


def test_without_parameters_nothing_is_remembered() -> None:
    stored, own = rendered({})
    assert stored["ha-platform"]["parameters"] is None
    assert own["shared_buffers"] == "512MB"


def test_the_list_of_names_changes_with_the_file() -> None:
    before, _ = rendered({"work_mem": "16MB"})
    after, _ = rendered({"work_mem": "16MB", "jit": "off"})
    assert difference(after, before) == {
        "postgresql": {"parameters": {"jit": "off"}},
        "ha-platform": {"parameters": ["jit", "work_mem"]},
    }
