"""What a server says of parameters before it is started with them."""

import pytest

from components.postgres_ha.files.server_check import refused
from tests.rendered.programs import POSTGRES, program

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def postgres() -> str:
    return str(program(POSTGRES, "postgresql-15"))


def test_what_it_takes(postgres: str) -> None:
    taken = {
        "work_mem": 64,
        "jit": "off",
        "log_line_prefix": "it's \\ %m",
        "pg_stat_statements.max": "x",
        "wal_level": None,
    }
    assert refused(postgres, taken) == {}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("io_method", "worker", 'unrecognized configuration parameter "io_method"'),
        ("max_connections", 262144, "outside the valid range"),
        ("synchronous_commit", "perhaps", "invalid value"),
        ("log_timezone", "Atlantis", "invalid value"),
    ],
)
def test_what_it_refuses_has_its_name_and_its_reason(postgres: str, name: str, value: object, words: str) -> None:
    found = refused(postgres, {"work_mem": 64, name: value, "jit": "on"})
    assert [*found] == [name]
    assert words in found[name]
    assert "/" not in found[name]


def test_a_program_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(OSError, match="nothing"):
        refused("/nothing", {})
