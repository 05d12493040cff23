"""On each platform, each field of each word has an effect in what is rendered, is refused by name, or is noted.

A label that only people read is not an effect.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import pulumi
import pytest

from model import Origin
from platforms.base import Platform, Unsupported
from platforms.kubernetes.front_settings import IngressSettings, Pods
from platforms.kubernetes.names import ORIGIN_ANNOTATION
from platforms.kubernetes.platform import KubernetesPlatform
from platforms.kubernetes.settings import KubernetesSettings
from platforms.swarm.platform import SwarmPlatform
from platforms.swarm.settings import SwarmSettings
from platforms.table import make_platform
from tests.mock_engine import Recorded, render
from tests.platforms.alternatives import Path, alternatives, changed, dotted, leaves, model_fields
from tests.platforms.words import IMAGE, Objects, render_word, words
from tests.stacks.fixtures import REPOSITORY

PLATFORMS: dict[str, SwarmSettings | KubernetesSettings] = {
    "swarm": SwarmSettings(kind="swarm", nodes=("a", "b", "c"), entry="dns"),
    "kubernetes": KubernetesSettings(kind="kubernetes"),
}
BEHIND_AN_INGRESS = KubernetesSettings(
    kind="kubernetes", entry="ingress", ingress=IngressSettings(controllers=(Pods(namespace="ingress"),))
)
IN_FRONT = ("Front", "GivenCertificate", "Issued")
"""Words that have an effect behind such an entry alone."""

FACTS = {
    ("kubernetes", "Image.http_tool"): "a fact about the image: the kubelet makes HTTP checks itself",
    ("kubernetes", "Members.slow_start_seconds"): "liveness alone ends a start there; the program waits longer for it",
    ("swarm", "File.alone"): "every file is a mount of its own there",
    ("swarm", "Members.abandon_data_on"): "a permission: read when a member moves, never deployed",
    **{(kind, "Security.allow_root"): "a permission: without it an image of root is refused" for kind in PLATFORMS},
    **{
        ("swarm", field): "a permission: nothing restricts what leaves a Swarm"
        for field in (
            "Workload.outside",
            "Members.outside",
            "Job.outside",
            "Schedule.outside",
            "Outside.port",
            "Outside.networks",
        )
    },
    **{(kind, "SharedMount.instead_of"): "a permission: read when other data is mounted" for kind in PLATFORMS},
    **{(kind, "Members.peers"): "read when a member moves or goes, never deployed" for kind in PLATFORMS},
    **{(kind, "Volume.disposable"): "read when a member moves, never deployed" for kind in PLATFORMS},
    **{(kind, "Members.electorate"): "read when the count changes, never deployed" for kind in PLATFORMS},
    ("kubernetes", "Shard.number"): "the scheduler chooses there, and shards keep apart by their label",
    **{
        (kind, f"Front.{field}"): "a fact about the workload, for what may stand in front"
        for kind in PLATFORMS
        for field in ("port", "hosts", "any_host", "trusted_proxies")
    },
    **{(kind, "Workload.front"): "its own fields are refused by name" for kind in PLATFORMS},
    ("swarm", "Shard.of"): "who reaches `peer_ports` is not enforced there, which those say",
    ("swarm", "Job.container.image.http_tool"): "a fact about the image: a job has no probes",
    **{(kind, "ConfigFile.not_secret"): "for policies, and whoever reads them" for kind in PLATFORMS},
    **{
        (kind, f"Origin.{field}"): "for those who read a report"
        for kind in PLATFORMS
        for field in ("root", "key", "name", "below")
    },
}
"""What a platform reads or does not need; not a wish that could be ignored."""

Rendered = list[Recorded] | Unsupported


def platform_of(kind: str) -> Platform:
    return make_platform(PLATFORMS.get(kind, BEHIND_AN_INGRESS), stack="test", data="keep")


def rendered(kind: str, case: str, path: Path = (), key: str = "") -> Rendered:
    """What the word is rendered as, with the field at `path` changed to its alternative."""

    def build(parent: pulumi.Resource) -> None:
        platform = platform_of(kind)
        objects = Objects.make(platform, parent)
        word: Any = words(objects)[case]
        if path:
            word = changed(word, path, alternatives(objects)[key])
        with platform.gathering():
            render_word(platform, word, parent)
            # What a scaler of ours is told of the word, where the platform has none.
            platform.scaler(
                Origin(key="monitoring"), image=IMAGE, prometheus="http://p:9090", scrape_seconds=30, parent=parent
            )

    try:
        return render(build)
    except Unsupported as refused:
        return refused


def collect() -> dict[tuple[str, str], list[tuple[str, Path]]]:
    """(kind of word, dotted path and Class.field) -> the words of that kind and the paths in them."""
    found: dict[tuple[str, str], list[tuple[str, Path]]] = {}

    def build(parent: pulumi.Resource) -> None:
        for case, word in words(Objects.make(platform_of("swarm"), parent)).items():
            for path, key in leaves(word):
                found.setdefault((f"{type(word).__name__}.{dotted(path)}", key), []).append((case, path))

    render(build)
    return found


FIELDS = collect()


def cases() -> Iterator[Any]:
    for kind in PLATFORMS:
        for (path, key), places in FIELDS.items():
            if (kind, key) in FACTS or (kind, path) in FACTS:
                continue
            yield pytest.param(kind, key, places, id=f"{kind}-{path}-{key}")
    for (path, key), places in FIELDS.items():
        if key.partition(".")[0] in IN_FRONT:
            yield pytest.param("ingress", key, places, id=f"ingress-{path}-{key}")


@pytest.fixture(scope="module")
def base() -> dict[tuple[str, str], Rendered]:
    every = {case for places in FIELDS.values() for case, _ in places}
    return {(kind, case): rendered(kind, case) for kind in (*PLATFORMS, "ingress") for case in every}


@pytest.fixture(scope="module")
def effects(base: dict[tuple[str, str], Rendered]) -> dict[tuple[str, str], list[Any] | None]:
    """What of each base word a changed field can change; None where the platform refuses it."""
    return {key: effective(one) if isinstance(one, list) else None for key, one in base.items()}


@pytest.mark.parametrize(("kind", "key", "places"), list(cases()))
def test_a_changed_field_is_rendered_or_refused_by_name(
    kind: str, key: str, places: list[tuple[str, Path]], effects: dict[tuple[str, str], list[Any] | None]
) -> None:
    outcomes = []
    for case, path in places:
        result = rendered(kind, case, path, key)
        if isinstance(result, Unsupported):
            names = [refusal.path for refusal in result.refusals]
            if any(names_field(name, path) for name in names):
                return
            outcomes.append(f"{case}: refused, but by {names}")
        elif noted(kind, path) or effects[kind, case] not in (None, effective(result)):
            return
        else:
            outcomes.append(f"{case}: nothing changed")
    pytest.fail(f"{dotted(places[0][1])}: {'; '.join(outcomes)}")


def effective(recorded: list[Recorded]) -> list[Any]:
    """What is rendered, without the labels and annotations that only people read."""
    return [without_inert(asdict(one)) for one in recorded]


def without_inert(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_inert(one) for key, one in value.items() if key != ORIGIN_ANNOTATION}
    if isinstance(value, (list, tuple)):
        return [without_inert(one) for one in value if not is_inert_label(one)]
    return value


def is_inert_label(value: Any) -> bool:
    return isinstance(value, dict) and str(value.get("label", "")).startswith("ha-platform.")


def noted(kind: str, path: Path) -> bool:
    """Whether the platform says that it only notes the field, or one that holds it."""
    parts = [str(part) for part in path if not isinstance(part, int)]
    return any(".".join(parts[:end]) in platform_class(kind).NOTED for end in range(1, len(parts) + 1))


def platform_class(kind: str) -> type[Platform]:
    return SwarmPlatform if kind == "swarm" else KubernetesPlatform


def names_field(refusal_path: str, path: Path) -> bool:
    """Whether the refusal names the field, or a field that holds it (`scaling` for `scaling.up.percent`)."""
    parts = [part for part in path if not isinstance(part, int)]
    return any(refusal_path.endswith("." + ".".join(map(str, parts[:end]))) for end in range(1, len(parts) + 1))


def test_every_field_of_the_model_is_covered() -> None:
    assert {key for _, key in FIELDS} == model_fields()


def test_every_base_word_is_rendered_by_some_platform(base: dict[tuple[str, str], Rendered]) -> None:
    for case in {case for _, case in base}:
        assert any(isinstance(base[kind, case], list) for kind in (*PLATFORMS, "ingress")), case


def test_rendering_is_repeatable(base: dict[tuple[str, str], Rendered]) -> None:
    for (kind, case), first in base.items():
        if isinstance(first, list):
            assert rendered(kind, case) == first, (kind, case)


@pytest.mark.parametrize(
    ("kind", "case", "fields"),
    [
        ("swarm", "members", ["ports", "probes.ready.failures", "volume.size_bytes"]),
        ("swarm", "member-public", ["ports", "probes.ready.failures", "public_ports.audience", "volume.size_bytes"]),
        ("swarm", "job", ["ports", "probes.ready.failures"]),
        ("kubernetes", "members", ["tier"]),
    ],
)
def test_what_is_only_noted_is_said_once(
    kind: str, case: str, fields: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", said.append)

    def build(parent: pulumi.Resource) -> None:
        platform = platform_of(kind)
        every = words(Objects.make(platform, parent))
        for word in (every[case], every["workload"]):
            path = ("public_ports", 0, "audience")
            shown = changed(word, path, "operators") if getattr(word, "public_ports", ()) else word
            render_word(platform, shown, parent)

    render(build)
    assert [text.partition(": ")[0] for text in said] == fields


@pytest.mark.parametrize(
    ("kind", "record"), [("swarm", "0005-swarm-rendering"), ("kubernetes", "0006-kubernetes-rendering")]
)
def test_what_is_only_noted_is_documented(kind: str, record: str) -> None:
    text = (REPOSITORY / f"docs/decisions/{record}.md").read_text()
    for field in platform_class(kind).NOTED:
        assert f"- `{field}`: " in text
