"""Which plans would destroy data that is to be kept."""

import json
from typing import Any

import pytest

from report.kept import destroyed, main

PVC = "kubernetes:core/v1:PersistentVolumeClaim"
SET = "kubernetes:apps/v1:StatefulSet"


def step(op: str, kind: str, **old: Any) -> dict[str, Any]:
    return {"op": op, "urn": f"urn:pulumi:s::p::{kind}::x", "oldState": {"type": kind, "custom": True, **old}}


def members(when_deleted: str) -> dict[str, Any]:
    return {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": when_deleted}}}


@pytest.mark.parametrize(
    ("found", "count"),
    [
        (step("delete", PVC), 1),
        (step("replace", PVC), 1),
        (step("update", PVC), 0),
        (step("create", PVC), 0),
        (step("delete", PVC, retainOnDelete=True), 0),
        (step("delete", "kubernetes:core/v1:Namespace"), 1),
        (step("delete-replaced", "docker:index/volume:Volume"), 1),
        (step("delete", SET, inputs=members("Retain")), 0),
        (step("replace", SET, inputs=members("Delete")), 1),
        (step("delete", SET), 0),
        (step("delete", "docker:index/service:Service"), 0),
        (step("delete", "kubernetes:apps/v1:Deployment"), 0),
    ],
)
def test_what_ends_with_its_data(found: dict[str, Any], count: int) -> None:
    assert len([*destroyed({"steps": [found]})]) == count


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"ha-platform:stack": json.dumps({"data": "keep"})}, 3),
        ({"ha-platform:stack": {"value": json.dumps({"data": "delete"})}}, 0),
        ({"ha-platform:stack": {"data": "delete"}}, 0),
        ({"ha-platform:stack": "[secret]"}, 3),
        ({}, 3),
    ],
)
def test_the_stack_says_whether_data_is_kept(
    config: dict[str, Any], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("prod", json.dumps({"config": config, "steps": [step("delete", PVC)]})) == code
    said = capsys.readouterr()
    assert "PersistentVolumeClaim x: delete; what is in it is lost" in said.out + said.err


def test_what_is_no_plan_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("prod", "error: no") == 1
    assert capsys.readouterr().err == "plan: of prod: this is no preview in JSON\n"
