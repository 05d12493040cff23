"""A configuration file that the stack file calls no secret passes the policy that would report it."""

import pytest
from rules import secrets

from tests.policies.test_rules import LEVEL, violations
from tests.rendered.texts import PLATFORMS, accepted

POLICY = secrets.no_secret_in_configuration(LEVEL)
TEXT = "db_password: hunter2hunter2\n"


@pytest.mark.parametrize("kind", PLATFORMS)
def test_the_exception_reaches_the_policy(kind: str) -> None:
    app = {"image": "registry.example.com/app:1", "port": 8000, "files": {"/app/x": TEXT}, "not_secret": ["/app/x"]}
    records = accepted({"platform": PLATFORMS[kind], "apps": {"web": app}}, secrets={})
    (one,) = (one for one in records if one.type.endswith((":ConfigMap", ":ServiceConfig")))
    assert violations(POLICY, one.type, one.inputs) == []
    marks = ("labels", "metadata")
    assert violations(POLICY, one.type, {key: value for key, value in one.inputs.items() if key not in marks})
