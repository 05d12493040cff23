"""A configuration file that the stack file calls no secret passes the policy that would report it."""

import pytest

from tests.policies.judged import faults
from tests.rendered.texts import PLATFORMS, accepted

RULE = "no-secret-in-configuration"
TEXT = "db_password: hunter2hunter2\n"


@pytest.mark.parametrize("kind", PLATFORMS)
def test_the_exception_reaches_the_policy(kind: str) -> None:
    app = {"image": "registry.example.com/app:1", "port": 8000, "files": {"/app/x": TEXT}, "not_secret": ["/app/x"]}
    records = accepted({"platform": PLATFORMS[kind], "apps": {"web": app}}, secrets={})
    (one,) = (one for one in records if one.type.endswith((":ConfigMap", ":ServiceConfig")))
    assert faults(RULE, (one.type, one.inputs)) == []
    marks = ("labels", "metadata")
    bare = {key: value for key, value in one.inputs.items() if key not in marks}
    assert faults(RULE, (one.type, bare))
