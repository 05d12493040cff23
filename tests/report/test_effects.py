"""Real changes of a stack, and what reviewers are told of each."""

from collections.abc import Callable

import pytest

from tests.report.changed import (
    DIRECTORY,
    OF,
    SUFFIX,
    TEN,
    Stack,
    base,
    golden,
    image,
    moved,
    nothing,
    removed,
    replicas,
    report,
    rotation,
    timers,
)


def said(platform: str, change: Callable[[Stack], object]) -> list[str]:
    """The lines of the report above its folded lists, without its title."""
    first, *_ = report(platform, change).partition("\n<details>")
    return [line for line in first.splitlines() if line and not line.startswith(("#", "<!--"))]


def below(head: str, lines: list[str]) -> list[str]:
    """The lines of one section."""
    rest = lines[lines.index(head) + 1 :]
    return rest[: next((index for index, line in enumerate(rest) if line.startswith("**")), len(rest))]


def _variable(stack: Stack) -> None:
    stack["apps"]["worker"].setdefault("env", {})["LOG_LEVEL"] = "debug"


def _removed(stack: Stack) -> None:
    del stack["apps"]["worker"]


def test_nothing_is_said_of_nothing() -> None:
    assert said("swarm", nothing) == ["**Nothing changes.**"]


def test_more_replicas_are_scaled_and_nothing_restarts() -> None:
    lines = said("swarm", replicas)
    assert "**Restarts**" not in lines
    assert "- AppTier web: `web`: 3 replicas → 5 replicas" in lines
    assert lines[0] == "**Nobody notices the update**: nothing restarts."
    afterwards = below("**Afterwards:**", lines)
    assert "- databases.main: connections 62 → 82 of 191 (web 7 x 10 + worker 3 x 4)" in afterwards, "each has its own"
    assert "- reserved: CPU 5.35 → 6.35, memory 7.26 Gi → 8.26 Gi" in afterwards, "twice what one replica reserves"


def test_a_client_that_does_not_say_its_connections_is_told() -> None:
    def change(stack: Stack) -> None:
        stack["apps"]["worker"]["uses"]["main"] = "DATABASE"

    (line,) = (line for line in said("swarm", change) if ": connections " in line)
    assert line == (
        "- databases.main: connections 62 → 50 of 191 (web 5 x 10 + worker 3 x ?, and those of clients that do not say "
        "(`pool`))"
    )


def test_what_an_autoscaler_may_reserve_is_said() -> None:
    def change(stack: Stack) -> None:
        stack["apps"]["web"]["scaling"]["max"] = 12

    (line,) = (line for line in said("kubernetes", change) if line.startswith("- reserved: "))
    cpu = "CPU 8.73 → 8.73 (scaled up: 12.23 → 13.23)"
    assert line == f"- reserved: {cpu}, memory 13.43 Gi → 13.43 Gi (scaled up: 16.93 Gi → 17.93 Gi)"


@pytest.mark.parametrize("platform", OF)
@pytest.mark.parametrize("change", [image, _variable])
def test_another_image_or_variable_restarts_its_application_alone(
    platform: str, change: Callable[[Stack], object]
) -> None:
    lines = said(platform, change)
    assert lines[0] == "**Nobody notices the update**: `worker` restarts without a gap."
    others = below("**Restarts**", lines)
    assert [line.partition(":")[0] for line in others] == ["- AppTier worker"]
    assert "the new one before the old one ends" in others[0]


def test_longer_timers_promise_less() -> None:
    lines = said("swarm", timers)
    assert lines[lines.index("**Runs again**") + 1] == "- PostgresHA main: `main-pg-settings`"
    assert "- databases.main host lost, no writes: 25.4 s → 84 s" in lines, "without an early release, and with 60 s"


@pytest.mark.parametrize("platform", OF)
def test_a_restart_of_servers_says_how_long_writes_are_away(platform: str) -> None:
    def change(stack: Stack) -> None:
        stack["databases"]["main"]["resources"] = {
            "cpu_request": "1", "cpu_limit": "2", "memory_request": "3Gi", "memory_limit": "3Gi",
        }  # fmt: skip

    lines = said(platform, change)
    planned = base(platform).promises["databases.main"]["switchover"]["no writes"]
    wanted = f"no writes to `main` for {planned} at most, each time that another member takes over"
    assert lines[:2] == ["**People notice:**", f"- {wanted}"]
    assert lines.count(f"- PostgresHA main: {wanted} (switchover)") == 1


def test_what_is_removed_comes_first() -> None:
    first, second, *_ = lines = said("kubernetes", _removed)
    assert (first, second) == ("**People notice:**", "- AppTier worker: `worker` is gone")
    assert below("**Removed**", lines) == ["- AppTier worker: `worker` is removed"]


def test_a_published_port_is_said() -> None:
    def change(stack: Stack) -> None:
        stack["monitoring"]["prometheus"] = {**(stack["monitoring"].get("prometheus") or {}), "port": 9191}

    lines = said("swarm", change)
    assert "**Ports**" in lines
    assert any("opens 9191, closes 9090" in line for line in lines)
    assert "- nobody answers at port 9090 any more" in below("**People notice:**", lines)


def test_an_alert_that_is_gone_is_said() -> None:
    def change(stack: Stack) -> None:
        del stack["caches"]["jobs"]
        for app in stack["apps"].values():
            app.get("uses", {}).pop("jobs", None)

    lines = said("kubernetes", change)
    assert "**Alerts**" in lines
    assert any("gone: Redis_jobsDown, " in line for line in lines)


def test_data_that_nobody_uses_any_more_is_said_first() -> None:
    lines = said("kubernetes", removed)
    volumes = [f"`data-main-{what}-{index}`" for what in ("etcd", "pg") for index in range(3)]
    rest = "are not used any more; their content stays, or goes, as `data` says"
    assert lines[1] == f"- PostgresHA main: {', '.join(volumes[:4])} and 2 more {rest}"
    assert below("**Data**", lines) == [f"- PostgresHA main: {', '.join(volumes)} {rest}"]


def test_a_member_that_moves_leaves_its_volume() -> None:
    lines = said("swarm", moved)
    (member,) = (
        line for line in below("**People notice:**", lines) if line.startswith("- PostgresHA main: `main-pg-1`")
    )
    assert member == (
        "- PostgresHA main: `main-pg-1` moves from host2 to host4; its volume `prod-main-pg-1` stays on host2, and it "
        "copies the data from the other members"
    )


def test_the_only_replica_is_away_where_the_old_one_ends_first() -> None:
    def change(stack: Stack) -> None:
        stack["apps"]["worker"]["singleton"] = True
        stack["apps"]["worker"]["replicas"] = 1
        image(stack)

    assert "- `worker` is away while it restarts" in below("**People notice:**", said("kubernetes", change))


def test_another_secret_is_named_and_never_its_value() -> None:
    text = report("swarm", rotation)
    assert "- secrets: `given-openai-api-key-2` is new, `given-openai-api-key` is gone" in text
    assert "not shown" not in text


@pytest.mark.parametrize("name", TEN)
def test_a_report_is_as_reviewed(name: str) -> None:
    assert golden(name) == (DIRECTORY / f"{name}{SUFFIX}").read_text(), "run `make golden` and review the difference"


def test_every_report_is_of_a_change() -> None:
    assert {path.stem for path in DIRECTORY.iterdir()} == set(TEN)
