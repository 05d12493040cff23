"""Which operations a change of the program leads to, and what they leave behind."""

from __future__ import annotations

import pytest

from sandbox.engine.values import Secret
from tests.engine.fakes import OTHER, FakeProvider
from tests.engine.stack import Stack, goal, urn


def test_create_then_unchanged_then_update(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "size": 1}))
    assert stack.ops() == [("create", "a")]
    run = stack.run(goal("a", {"name": "a", "size": 1}))
    assert set(run.counts) == {"same"}
    stack.run(goal("a", {"name": "a", "size": 2}))
    assert stack.ops() == [("update", "a")]
    assert stack.objects()["a"]["inputs"]["size"] == 2
    assert list(stack.recorder.steps[-1].changes) == [("size",)]


def test_preview_changes_nothing(stack: Stack) -> None:
    run = stack.run(goal("a", {"name": "a"}), preview=True)
    assert run.counts == {"create": 1}  # a default provider does not count
    assert stack.objects() == {}
    assert not (stack.root / "dev.json").exists()
    assert not (stack.root / "dev.json.journal").exists()


def test_automatic_name_is_kept_and_replaced_create_first(stack: Stack) -> None:
    stack.run(goal("a", {"shape": 1}))
    (first,) = stack.objects()
    stack.run(goal("a", {"shape": 1}))
    assert list(stack.objects()) == [first]
    run = stack.run(goal("a", {"shape": 2}))
    (second,) = stack.objects()
    assert second != first
    assert run.counts == {"replace": 1}
    assert stack.ops() == [("replace", "a"), ("delete", "a")]
    assert [call.split()[0] for call in stack.calls()] == ["create", "create", "delete"]


def test_explicit_name_is_replaced_delete_first(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "shape": 1}))
    run = stack.run(goal("a", {"name": "a", "shape": 2}))
    assert stack.ops() == [("delete", "a"), ("replace", "a")]
    assert run.counts == {"replace": 1}
    assert stack.calls() == ["create a", "delete a", "create a"]
    assert stack.objects()["a"]["inputs"]["shape"] == 2


def test_removed_resources_go_dependents_first(stack: Stack) -> None:
    goals = [
        goal("a", {"name": "a"}),
        goal("b", {"name": "b"}, dependencies=(urn("a"),)),
        goal("c", {"name": "c"}, dependencies=(urn("b"),)),
    ]
    stack.run(*goals)
    stack.run()
    assert [call for call in stack.calls() if call.startswith("delete")] == ["delete c", "delete b", "delete a"]
    assert stack.objects() == {}
    assert stack.state().resources() == []


def test_delete_first_takes_dependents_that_cannot_stay(stack: Stack) -> None:
    def goals(shape: int) -> list[object]:
        on_a = {"dependencies": (urn("a"),)}
        return [
            goal("a", {"name": "a", "shape": shape}),
            goal("b", {"name": "b", "shape": f"on-{shape}"}, property_dependencies={"shape": [urn("a")]}, **on_a),
            goal("c", {"name": "c", "size": 1}, property_dependencies={"size": [urn("a")]}, **on_a),
        ]

    stack.run(*goals(1))  # type: ignore[arg-type]
    before = len(stack.calls())
    stack.run(*goals(2), preview=True)  # type: ignore[arg-type]
    assert stack.ops() == [("replace", "a"), ("replace", "b"), ("same", "c")]
    stack.run(*goals(2))  # type: ignore[arg-type]
    assert stack.calls()[before:] == ["delete b", "delete a", "create a", "create b"]
    assert ("replace", "b") in stack.ops()
    assert len(stack.objects()) == 3


def test_protect_refuses_deletion_and_replacement(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "shape": 1}, protect=True))
    replaced = stack.run(goal("a", {"name": "a", "shape": 2}, protect=True))
    assert "is protected and would be replaced" in replaced.failures[0]
    removed = stack.run()
    assert "protected, so not deleted: fake:index:Thing 'a'" in removed.failures[0]
    assert list(stack.objects()) == ["a"]
    stack.run(goal("a", {"name": "a", "shape": 1}))
    assert not stack.run().failures
    assert stack.objects() == {}


def test_retain_on_delete_forgets_but_keeps_the_object(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a"}, retain_on_delete=True))
    stack.run()
    assert list(stack.objects()) == ["a"]
    assert stack.state().resources() == []


def test_ignore_changes_keeps_the_old_value(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "size": 1, "tags": {"x": 1, "y": 1}}))
    run = stack.run(goal("a", {"name": "a", "size": 9, "tags": {"x": 2, "y": 1}}, ignore_changes=("size", "tags.x")))
    assert set(run.counts) == {"same"}
    stack.run(goal("a", {"name": "a", "size": 9, "tags": {"x": 2, "y": 2}}, ignore_changes=("size", "tags.x")))
    assert stack.objects()["a"]["inputs"] == {"name": "a", "size": 1, "tags": {"x": 1, "y": 2}}


def test_alias_renames_without_touching_the_object(stack: Stack) -> None:
    stack.run(goal("old", {"name": "a"}), goal("b", {"name": "b"}, dependencies=(urn("old"),)))
    renamed = [
        goal("new", {"name": "a"}, aliases=(urn("old"),)),
        goal("b", {"name": "b"}, dependencies=(urn("new"),)),
    ]
    assert set(stack.run(*renamed, preview=True).counts) == {"same"}
    assert set(stack.run(*renamed).counts) == {"same"}
    assert stack.calls() == ["create a", "create b"]
    assert {resource.urn for resource in stack.state().resources()} >= {urn("new"), urn("b")}
    assert urn("old") not in {resource.urn for resource in stack.state().resources()}


def test_additional_secret_outputs_and_secret_inputs_hide_outputs(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "size": Secret("s3cr3t")}, additional_secret_outputs=("address",)))
    (resource,) = [r for r in stack.state().resources() if r.urn == urn("a")]
    assert resource.outputs["size"] == Secret("s3cr3t")
    assert resource.outputs["address"] == Secret("at-a")
    text = (stack.root / "dev.json").read_text(encoding="utf-8")
    assert "s3cr3t" not in text
    assert "at-a" not in text


def test_custom_timeouts_reach_the_provider(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a"}, custom_timeouts={"create": 7.0}), goal("b", {"name": "b"}))
    assert stack.objects()["a"]["timeout"] == 7.0
    assert stack.objects()["b"]["timeout"] == -1


def test_object_that_is_not_ready_is_kept_and_finished_later(stack: Stack) -> None:
    run = stack.run(goal("a", {"name": "a", "unready": "no image"}))
    assert run.failures == ["no image"]
    assert next(r for r in stack.state().resources() if r.urn == urn("a")).init_errors == ("no image",)
    stack.run(goal("a", {"name": "a"}))
    assert stack.ops() == [("update", "a")]
    assert next(r for r in stack.state().resources() if r.urn == urn("a")).init_errors == ()


def test_failed_update_is_repeated_even_when_the_program_goes_back(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "size": 1}))
    assert stack.run(goal("a", {"name": "a", "size": 2, "fail": "no"})).failures == ["no"]
    stack.run(goal("a", {"name": "a", "size": 1}))
    assert stack.ops() == [("update", "a")]
    assert stack.objects()["a"]["inputs"] == {"name": "a", "size": 1}


def test_create_whose_answer_was_lost_is_adopted(stack: Stack) -> None:
    assert stack.run(goal("a", {"name": "a", "lost": True})).failures == ["ConnectionError: no answer"]
    stack.run(goal("a", {"name": "a"}))
    assert stack.ops() == [("update", "a")]
    assert list(stack.objects()) == ["a"]


def test_object_that_was_there_before_is_not_adopted(stack: Stack) -> None:
    (stack.root / "objects" / "a").write_text('{"inputs": {}, "changed": 0}', encoding="utf-8")
    assert stack.run(goal("a", {"name": "a"})).failures == ["a: already exists"]
    assert [r.urn for r in stack.state().resources() if r.urn == urn("a")] == []


def test_nothing_begins_after_a_failure(stack: Stack) -> None:
    run = stack.run(goal("a", {"name": "a", "fail": "no"}), goal("b", {"name": "b"}))
    assert run.failures == ["no"]
    assert stack.objects() == {}


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (goal("a", type="fake:index:Nothing"), "does not know this type of package 'fake'"),
        (goal("a", type="aws:s3/bucket:Bucket"), "has no provider for package 'aws'"),
        (goal("a", {"bad": 1}), "a: bad: not an input"),
    ],
)
def test_what_is_not_known_is_refused_by_name(stack: Stack, wanted: object, words: str) -> None:
    run = stack.run(wanted)  # type: ignore[arg-type]
    assert words in run.failures[0]
    assert stack.objects() == {}


def test_two_registrations_of_one_name_are_refused(stack: Stack) -> None:
    assert "registered twice" in stack.run(goal("a", {"name": "a"}), goal("a", {"name": "a"})).failures[0]


def test_other_type_with_the_same_name_is_another_resource(stack: Stack) -> None:
    run = stack.run(goal("a", {"name": "a"}), goal("a", {"name": "b"}, type=OTHER))
    assert not run.failures
    assert list(stack.objects()) == ["a", "b"]


def test_unreachable_provider_stops_an_update_and_not_a_preview(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeProvider, "unreachable", "nothing answers at 10.0.0.1: start it")
    run = stack.run(goal("a", {"name": "a"}), preview=True)
    assert not run.failures
    assert [t for t in stack.recorder.texts if "nothing answers at 10.0.0.1" in t]
    run = stack.run(goal("a", {"name": "a"}))
    assert run.failures == ["nothing answers at 10.0.0.1: start it"]
    assert stack.calls() == []


def test_secrets_are_kept_out_of_what_an_api_says(stack: Stack) -> None:
    stack.run(goal("a", {"name": "a", "fail": "cannot take hunter2!", "size": Secret({"password": "hunter2"})}))
    assert stack.recorder.texts == ["cannot take [secret]!"]
