"""A program of another team uses components beside resources of its own."""

import runpy
from pathlib import Path

from tests.library.programs import PROGRAM, preview, registered, snippet
from tests.live.published.program import adapted
from tests.mock_engine import SECRET_MARK, render

DATABASE = "ha-platform:index:PostgresHA"


def test_the_program_of_another_team_is_previewed(tmp_path: Path) -> None:
    found = {urn.rpartition("::")[2]: state for urn, state in registered(PROGRAM, tmp_path).items()}
    ledger = found["ledger"]
    container = ledger["inputs"]["taskSpec"]["containerSpec"]
    assert container["env"]["ORDERS_HOST"] == "shop-dev-orders-rw"
    assert container["env"]["ORDERS_PORT"] == "5432"
    assert container["env"]["JOBS_SENTINELS"].startswith("shop-dev-jobs-sentinel-0:26379,")
    waits = {urn.rpartition("::")[2] for urn in ledger["dependencies"]}
    assert {"orders-rw", "orders-pg-2", "jobs-redis-2", "shop-network-app", "shop-network-data"} <= waits
    docker = {state["provider"].split("::")[-2] for state in found.values() if state["type"].startswith("docker:")}
    assert docker == {"manager"}, "the program's own provider is used for everything"


def test_the_components_have_outputs() -> None:
    recorded = render(lambda _: runpy.run_path(str(PROGRAM / "__main__.py")), stack="dev")
    outputs = {one.name: one.outputs for one in recorded if one.type.startswith("ha-platform:index:")}
    secrets = {one.name: one.outputs["name"] for one in recorded if one.type == "docker:index/secret:Secret"}
    orders = outputs["orders"]
    assert {key: orders[key] for key in ("host", "port", "database", "user")} == {
        "host": "shop-dev-orders-rw", "port": 5432, "database": "orders", "user": "app"
    }  # fmt: skip
    assert orders["password"] == {SECRET_MARK: "generated-orders-owner"}
    assert orders["url"][SECRET_MARK].startswith(
        "postgresql://app:generated-orders-owner@shop-dev-orders-rw:5432/orders"
    )
    assert orders["passwordSecret"] == secrets["orders-password"]
    assert orders["urlSecret"] == secrets["orders-url"]
    jobs = outputs["jobs"]
    assert jobs["sentinels"] == [f"shop-dev-jobs-sentinel-{ordinal}:26379" for ordinal in range(3)]
    assert jobs["password"] == {SECRET_MARK: "generated-jobs-password"}
    assert "host" not in jobs, "without `endpoint` there is no plain address"


def test_the_readme_shows_a_program_that_runs(tmp_path: Path) -> None:
    text = snippet("python")
    assert len(text.strip().splitlines()) <= 11
    (tmp_path / "__main__.py").write_text(text)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    found = registered(tmp_path, tmp_path / "state")
    components = {
        state["type"]: urn.rpartition("::")[2] for urn, state in found.items() if "ha-platform:" in state["type"]
    }
    assert components[DATABASE] == "main"
    services = {
        urn.rpartition("::")[2] for urn, state in found.items() if state["type"] == "docker:index/service:Service"
    }
    assert {"main-pg-0", "main-pg-1", "main-pg-2", "main-rw", "web", "edge"} <= services


def test_what_is_deployed_live_is_that_program() -> None:
    shown, deployed = snippet("python").splitlines(), adapted().splitlines()
    assert len(shown) == len(deployed)
    assert [line.split("(")[0] for line in shown] == [line.split("(")[0] for line in deployed]


def test_a_refusal_ends_the_program_with_its_report(tmp_path: Path) -> None:
    text = snippet("python").replace('volume="50Gi"', 'volume="50Gi", members=4')
    (tmp_path / "__main__.py").write_text(text)
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    done = preview(tmp_path, tmp_path / "state")
    assert done.returncode == 1
    assert "main.members: should be 1, 2, 3 or 5 (got 4)." in done.stdout + done.stderr
    assert "main-pg-0" not in done.stdout + done.stderr
