"""What arrives in a container is what the word says, byte by byte, on both platforms."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model import Container, Members, Origin, Probes, Rollout, Scratch, Tier, Volume, Workload
from model.units import MIB
from tests.platforms.arrival import Arrived, arrived, go_template
from tests.platforms.words import HTTP_AND_TCP, IMAGE, PORTS, RESOURCES

KINDS = ["swarm", "kubernetes"]
PIECES = [
    "{{",
    "}}",
    "{{.Node.Hostname}}",
    "{",
    '"',
    "\\",
    "$",
    "$$",
    "$(HOME)",
    "$(",
    ")",
    "%s",
    " ",
    "\n",
    "\t",
    "é",
    "'",
]
TEXTS = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(codec="utf-8", exclude_characters="\0")), max_size=6
).map("".join)
NAMES = st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True)


def container(**fields: object) -> Container:
    given = {"image": IMAGE, "command": ("run",), "resources": RESOURCES}
    return Container(**given | fields)  # type: ignore[arg-type]


def workload(of: Container, probes: Probes = HTTP_AND_TCP) -> Workload:
    return Workload(
        name="app",
        origin=Origin(key="apps", name="app"),
        tier=Tier.APP,
        container=of,
        replicas=1,
        ports=PORTS,
        probes=probes,
    )


def member(of: Container) -> Members:
    return Members(
        name="db",
        origin=Origin(key="databases", name="db"),
        tier=Tier.DATA,
        container=of,
        count=2,
        volume=Volume(path="/var/lib/db", size_bytes=2**30),
        ports=PORTS,
        probes=HTTP_AND_TCP,
    )


def both(word: Workload | Members, index: int = 0) -> Arrived:
    swarm, kubernetes = (arrived(kind, word, index) for kind in KINDS)
    grace = word.container.stop.grace_seconds
    assert swarm == replace(kubernetes, grace_seconds=grace)
    return swarm


@settings(max_examples=25, deadline=None)
@given(
    env=st.dictionaries(NAMES, TEXTS, max_size=3), command=st.lists(TEXTS, max_size=2), args=st.lists(TEXTS, max_size=3)
)
@example(env={"PROMPT": "Hello {{ name }}", "HINT": "{{.Node.Hostname}}"}, command=[], args=["--separator", " "])
@example(env={"A": "\n\n###\n\n", "B": "{{{{{", "C": "$(A) $$(A) $$$(A)"}, command=[], args=["$(A)"])
def test_texts_arrive_as_they_were_written(env: dict[str, str], command: list[str], args: list[str]) -> None:
    found = both(workload(container(env=env, command=("run", *command), args=tuple(args))))
    assert (found.env, found.argv) == (env, ["run", *command, *args])


@settings(max_examples=10, deadline=None)
@given(text=TEXTS)
@example(text="$(MEMBER_NAME) $$(MEMBER_NAME)")
def test_a_member_finds_its_own_name_in_its_texts(text: str) -> None:
    for index in (0, 1):
        found = both(member(container(env={"A": text}, args=(text,))), index)
        meant = text.replace("$(MEMBER_NAME)", f"db-{index}")
        assert (found.env["A"], found.argv[-1]) == (meant, meant)


@settings(max_examples=10, deadline=None)
@given(sizes=st.dictionaries(st.sampled_from(["/tmp", "/var/a", "/home/app/.cache"]), st.integers(1, 2**40)))
def test_scratch_has_the_size_that_was_asked_for(sizes: dict[str, int]) -> None:
    scratch = tuple(Scratch(path=path, size_bytes=size) for path, size in sizes.items())
    assert both(workload(container(scratch=scratch))).scratch == {"/tmp": 64 * MIB} | sizes


def test_shared_memory_has_the_size_that_was_asked_for() -> None:
    assert both(workload(container(shm_bytes=32 * MIB))).scratch == {"/tmp": 64 * MIB, "/dev/shm": 32 * MIB}


@settings(max_examples=15, deadline=None)
@given(
    start=st.integers(20, 1800),
    ready=st.integers(1, 20),
    live=st.integers(1, 60),
    failures=st.integers(1, 20),
)
def test_a_start_may_take_as_long_on_both(start: int, ready: int, live: int, failures: int) -> None:
    probes = Probes(
        ready=replace(HTTP_AND_TCP.ready, interval_seconds=ready),
        live=replace(HTTP_AND_TCP.live, interval_seconds=live, failures=failures),
        start_seconds=start,
    )
    word = replace(workload(container(), probes), rollout=Rollout(deadline_seconds=3600))
    for kind in KINDS:
        found = arrived(kind, word).start_seconds
        assert start <= found <= max(start + ready, 3 * max(ready, 5) + 1), kind


@pytest.mark.parametrize(("text", "meant"), [('{{"{{"}}', "{{"), ('a{{"{{"}}{b}}', "a{{{b}}")])
def test_the_oracle_reads_constants(text: str, meant: str) -> None:
    assert go_template(text) == meant


def test_the_oracle_hears_of_an_action() -> None:
    with pytest.raises(AssertionError, match="an action"):
        go_template("{{.Node.Hostname}}")
