"""The policies call secret what the rules of a stack file call secret."""

from pathlib import Path

from tests.architecture.modules import ROOT

OF_THE_PROGRAM = ROOT / "settings/plain_secrets.py"
OF_THE_PACK = ROOT / "policies/rules/plain_secrets.py"


def test_both_have_the_same_text() -> None:
    assert Path(OF_THE_PACK).read_bytes() == Path(OF_THE_PROGRAM).read_bytes(), "copy settings/plain_secrets.py"
