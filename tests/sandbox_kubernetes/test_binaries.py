"""What Kubernetes is built from."""

import re

from sandbox.hosts.kubernetes.binaries import PROGRAMS, VERSION


def test_module_file_pins_the_version_and_its_staging_modules() -> None:
    text = (PROGRAMS.source / "go.mod").read_text()
    assert re.search(rf"^\tk8s\.io/kubernetes {re.escape(VERSION)}", text, re.MULTILINE)
    replaced = re.findall(r"^\tk8s\.io/\S+ => k8s\.io/\S+ (\S+)$", text, re.MULTILINE)
    assert len(replaced) > 20
    assert set(replaced) == {VERSION.replace("v1.", "v0.", 1)}
