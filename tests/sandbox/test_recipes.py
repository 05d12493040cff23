"""Recipes: complete, consistent, and hashed by everything that decides the image's content."""

from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.hosts.errors import HostError
from sandbox.images import archives
from sandbox.images import recipe as module
from sandbox.images.recipe import Recipe, content_hash, recipe, recipes, tag

NAMES = sorted(recipes())


def test_every_promised_image_has_a_recipe() -> None:
    promised = {
        "haproxy",
        "nginx",
        "pgbouncer",
        "postgres",
        "postgres-exporter",
        "etcd",
        "valkey",
        "redis",
        "redis-exporter",
        "rabbitmq",
        "prometheus",
        "alertmanager",
        "node-exporter",
        "chat",
        "webhook",
    }
    assert promised | {"base", "chat-v2", "chat-bad"} == set(recipes())


@pytest.mark.parametrize("name", NAMES)
def test_no_image_runs_as_root(name: str) -> None:
    assert recipe(name).uid > 0
    assert recipe(name).gid > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_data_directory_is_owned_by_the_image(name: str) -> None:
    image = recipe(name)
    assert image.data_dir is None or image.data_dir in image.owned


@pytest.mark.parametrize("name", NAMES)
def test_python_requirements_are_pinned(name: str) -> None:
    image = recipe(name)
    lines = list(image.python)
    if image.python_file:
        lines += (module.REPOSITORY / image.python_file).read_text().splitlines()
    wanted = [line.split("#")[0].strip() for line in lines if not line.startswith("#")]
    assert [line for line in wanted if line and "==" not in line] == []


def test_variants_run_as_their_parent_and_add_no_content() -> None:
    for name in ("chat-v2", "chat-bad", "webhook"):
        variant, parent = recipe(name), recipe("chat")
        assert variant.parent == "chat"
        assert not variant.has_content
        assert (variant.user, variant.uid, variant.gid) == (parent.user, parent.uid, parent.gid)


def test_proxies_stop_softly() -> None:
    assert (recipe("haproxy").stop_signal, recipe("nginx").stop_signal) == ("SIGUSR1", "SIGQUIT")


def test_tags_are_twelve_hexadecimal_digits_and_differ() -> None:
    tags = {name: tag(name) for name in NAMES}
    assert all(len(text) == 12 and int(text, 16) >= 0 for text in tags.values())
    assert len(set(tags.values())) == len(tags)


@pytest.mark.parametrize(
    "change",
    [
        {"uid": 999},
        {"debian": ("haproxy", "socat")},
        {"env": {"A": "1"}},
        {"stop_signal": "SIGTERM"},
        {"remove": ("/x",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_each_word_of_a_recipe_changes_the_hash(change: dict[str, object]) -> None:
    image = recipe("haproxy")
    assert content_hash(image) != content_hash(replace(image, **change))  # type: ignore[arg-type]


def test_copied_files_change_the_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    source = tmp_path / "app/main.py"
    source.parent.mkdir()
    source.write_text("first")
    image = Recipe(name="app", user="app", uid=1, gid=1, copy={"app": "/opt/app"})
    hashes = [content_hash(image)]
    source.write_text("second")
    hashes.append(content_hash(image))
    source.rename(source.with_name("other.py"))
    hashes.append(content_hash(image))
    assert len(set(hashes)) == 3, "content and name of a copied file belong to the hash"
    cache = tmp_path / "app/__pycache__"
    cache.mkdir()
    (cache / "other.pyc").write_text("compiled")
    assert content_hash(image) == hashes[-1], "what Python caches does not belong to the image"


def test_the_parent_changes_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    before = content_hash(recipe("redis"))
    changed = {**recipes(), "base": replace(recipe("base"), debian=("python3",))}
    monkeypatch.setattr(module, "recipes", lambda: changed)
    assert content_hash(recipe("redis")) != before


def test_an_unknown_image_is_refused_by_name() -> None:
    with pytest.raises(HostError, match="image 'mysql' has no recipe; use one of alertmanager, base"):
        recipe("mysql")


def test_an_unknown_word_in_a_recipe_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REPOSITORY", tmp_path)
    path = tmp_path / "x.toml"
    path.write_text('user = "x"\nuid = 1\ngid = 1\npackagess = []\n')
    with pytest.raises(HostError, match=r"x.toml: got an unexpected keyword argument 'packagess'"):
        module._read(path)


def test_tests_on_loopback_run_the_patroni_of_the_image() -> None:
    given = (module.REPOSITORY / "requirements-dev.txt").read_text().splitlines()
    assert set(recipe("postgres").python) <= {line.partition("#")[0].strip() for line in given}


def test_another_release_comes_from_the_same_archives_without_its_updates() -> None:
    text = (
        "deb http://mirror/debian/ trixie main\n"
        "deb http://mirror/debian/ trixie-updates main\n"
        "deb http://mirror/debian-security/ trixie-security main contrib\n"
        'deb [signed-by="/usr/share/keyrings/a.gpg" arch=amd64] http://own/debian trixie main contrib\n'
    )
    assert archives.of_suite(text, "forky") == (
        "deb http://mirror/debian/ forky main\n"
        'deb [signed-by="/usr/share/keyrings/a.gpg" arch=amd64] http://own/debian forky main contrib\n'
    )
