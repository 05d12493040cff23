"""What the documentation says exists."""

import importlib.util
import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, RUNBOOKS, anchors, links, make_targets, modules, name_of
from tests.goldens.rendered import committed_files
from tests.stacks.fixtures import REPOSITORY, settings_of


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for target in links(page):
        path, _, fragment = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), f"{name_of(page)}: {target} does not exist"
        assert not fragment or fragment in anchors(found), f"{name_of(page)}: {target}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_exist(page: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert make_targets(page) <= known, f"not in the Makefile: {make_targets(page) - known}"
    missing = [module for module in modules(page) if importlib.util.find_spec(module) is None]
    assert not missing, f"no such module: {missing}"


def test_every_decision_is_listed() -> None:
    listed = set(links(REPOSITORY / "docs/architecture.md"))
    records = {f"decisions/{path.name}" for path in (REPOSITORY / "docs/decisions").glob("*.md")}
    assert records <= listed, f"not in docs/architecture.md: {records - listed}"


def test_every_alert_has_a_runbook() -> None:
    settings, _ = settings_of(REPOSITORY / "Pulumi.dev.yaml")
    names = {name for room in ("balancers", "apps", "databases", "caches") for name in settings[room]}
    alerts = set(re.findall(r"- alert: (\S+)", "".join(committed_files("dev").values())))
    kinds = {re.sub(rf"_({'|'.join(sorted(names))})(?=[A-Z])", "_<name>", alert) for alert in alerts}
    titles = {title.strip("`") for title in _titles(RUNBOOKS) if title.startswith("`")}
    assert alerts, "the rendered rules are found"
    assert kinds <= titles, f"without a page: {kinds - titles}"
    index = set(links(REPOSITORY / "docs/runbooks/README.md"))
    assert {path.name for path in RUNBOOKS} <= index


def _titles(pages: list[Path]) -> list[str]:
    """A page whose title is code is about the alert of that name."""
    return [page.read_text().splitlines()[0].removeprefix("# ") for page in pages]


def test_changelog_fragments_have_a_kind_and_a_text() -> None:
    fragments = [path for path in (REPOSITORY / "changelog").rglob("*.md") if path.name != "README.md"]
    assert fragments
    for path in fragments:
        assert re.fullmatch(r"(added|changed|fixed|removed|security)-[a-z0-9-]+\.md", path.name), path.name
        assert path.read_text().strip(), f"{path.name} says nothing"
