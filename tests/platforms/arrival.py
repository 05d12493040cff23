"""What a container finds after a platform has done to the rendered texts what it is known to do."""

import re
from dataclasses import dataclass
from typing import Any

import pulumi

from platforms.durations import seconds_of
from tests.mock_engine import render
from tests.platforms.test_parity import platform_of
from tests.platforms.words import Word, render_word

_TEMPLATE = re.compile(r'\{\{"((?:[^"\\]|\\.)*)"\}\}')
_UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What the process has, and how long its start may take."""

    env: dict[str, str]
    argv: list[str]
    scratch: dict[str, int]
    files: set[str]
    start_seconds: int
    grace_seconds: int


def arrived(kind: str, word: Word, member: int = 0) -> Arrived:
    """What the (first) container of `word` finds; `word` has no secrets."""

    def build(parent: pulumi.Resource) -> None:
        platform = platform_of(kind)
        with platform.gathering():
            render_word(platform, word, parent)

    recorded = render(build)
    if kind == "swarm":
        services = [one.inputs for one in recorded if one.type == "docker:index/service:Service"]
        return _in_swarm(services[member]["taskSpec"]["containerSpec"])
    (template,) = (one.inputs["spec"]["template"] for one in recorded if "template" in one.inputs.get("spec", {}))
    return _in_kubernetes(template["spec"], member)


def _in_swarm(spec: dict[str, Any]) -> Arrived:
    check = spec["healthcheck"]
    mounts = spec["mounts"]
    return Arrived(
        env={name: go_template(value) for name, value in spec.get("env", {}).items()},
        argv=[*spec.get("commands", ()), *spec.get("args", ())],
        scratch={
            go_template(one["target"]): one["tmpfsOptions"]["sizeBytes"] for one in mounts if one["type"] == "tmpfs"
        },
        files={one["fileName"] for key in ("secrets", "configs") for one in spec.get(key, ())},
        start_seconds=seconds_of(check["startPeriod"]) + check["retries"] * due_seconds(check),
        grace_seconds=seconds_of(spec["stopGracePeriod"]),
    )


def _in_kubernetes(pod: dict[str, Any], member: int) -> Arrived:
    (container,) = pod["containers"]
    env: dict[str, str] = {}
    fields = {"metadata.name": f"db-{member}", "metadata.labels['apps.kubernetes.io/pod-index']": str(member)}
    for one in container.get("env", ()):
        field = one.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        env[one["name"]] = fields[field] if field else expanded(one["value"], env)
    paths = {one["name"]: one["mountPath"] for one in container["volumeMounts"]}
    start = container["startupProbe"]
    return Arrived(
        env={name: value for name, value in env.items() if not name.startswith("MEMBER_")},
        argv=[expanded(part, env) for part in (*container.get("command", ()), *container.get("args", ()))],
        scratch={
            paths[one["name"]]: quantity(one["emptyDir"]["sizeLimit"]) for one in pod["volumes"] if "emptyDir" in one
        },
        files={
            f"{paths[volume['name']]}/{item['path']}"
            for volume in pod["volumes"]
            for source in volume.get("projected", {}).get("sources", ())
            for item in next(iter(source.values()))["items"]
        },
        start_seconds=start["periodSeconds"] * start["failureThreshold"],
        grace_seconds=pod["terminationGracePeriodSeconds"],
    )


def due_seconds(check: dict[str, Any]) -> int:
    """From a run of a check to the next: Docker's interval, and what the check spends itself."""
    spent = re.search(r"then sleep (\d+);", str(check["tests"]))
    return seconds_of(check["interval"]) + (int(spent[1]) if spent else 0)


def go_template(text: str) -> str:
    """Go's text/template, as far as constants go; any other action is what the word did not mean."""
    out, rest = "", text
    while "{{" in rest:
        before, _, _ = rest.partition("{{")
        action = _TEMPLATE.match(rest, len(before))
        assert action, f"an action in {text!r}"
        out += before + action[1]
        rest = rest[action.end() :]
    return out + rest


def expanded(text: str, env: dict[str, str]) -> str:
    """Kubernetes' expansion: `$(NAME)` of a known variable, `$$` for `$`, everything else as it is."""
    out, at = "", 0
    while at < len(text):
        if text[at] == "$" and at + 1 < len(text):
            if text[at + 1] == "$":
                out, at = out + "$", at + 2
                continue
            if text[at + 1] == "(" and (end := text.find(")", at)) > 0:
                name = text[at + 2 : end]
                out, at = out + env.get(name, f"$({name})"), end + 1
                continue
        out, at = out + text[at], at + 1
    return out


def quantity(text: str) -> int:
    """`64Mi` as bytes."""
    unit = text.lstrip("0123456789")
    return int(text.removesuffix(unit)) * _UNITS.get(unit, 1)
