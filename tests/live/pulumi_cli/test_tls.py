"""The CLI makes keys and certificates by the stand-in for tls: no host is needed. The tests go on with one stack."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from tests.live.pulumi_cli.project import UNCHANGED, Project

pytestmark = [pytest.mark.live, pytest.mark.timeout(900, func_only=True)]

APPLY = ("up", "--yes", "--skip-preview")
PROGRAM = """\
import pulumi
import pulumi_tls as tls

early = pulumi.Config().require_int("early")
ca_key = tls.PrivateKey("ca", algorithm="ECDSA", ecdsa_curve="P256")
ca = tls.SelfSignedCert(
    "ca",
    private_key_pem=ca_key.private_key_pem,
    is_ca_certificate=True,
    allowed_uses=["cert_signing", "crl_signing"],
    validity_period_hours=48,
    early_renewal_hours=early,
    subject={"common_name": "authority"},
)
key = tls.PrivateKey("db", algorithm="ECDSA", ecdsa_curve="P256")
request = tls.CertRequest(
    "db", private_key_pem=key.private_key_pem, dns_names=["db.example"], ip_addresses=["10.0.0.1"],
    subject={"common_name": "db"},
)
leaf = tls.LocallySignedCert(
    "db",
    ca_cert_pem=ca.cert_pem,
    ca_private_key_pem=ca_key.private_key_pem,
    cert_request_pem=request.cert_request_pem,
    allowed_uses=["server_auth", "digital_signature"],
    validity_period_hours=4,
    early_renewal_hours=early,
)
pulumi.export("ca", ca.cert_pem)
pulumi.export("leaf", leaf.cert_pem)
"""


@pytest.fixture(scope="module")
def project(pulumi_command: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    directory = tmp_path_factory.mktemp("certificates")
    (directory / "program").mkdir()
    (directory / "program/__main__.py").write_text(PROGRAM)
    made = Project(pulumi_command, directory, {}, program=directory / "program", name="certificates")
    for command in (("stack", "init"), ("config", "set", "early", "1")):
        run = made.run(*command)
        assert run.code == 0, run.text
    yield made
    made.run("destroy", "--yes", "--skip-preview")


def certificates(project: Project) -> tuple[x509.Certificate, x509.Certificate]:
    """The authority's and the one that it signed."""
    run = project.run("stack", "output", "--json")
    found: dict[str, Any] = json.loads(run.out)
    ca, leaf = (x509.load_pem_x509_certificate(found[name].encode()) for name in ("ca", "leaf"))
    return ca, leaf


def with_early(project: Project, hours: int) -> str:
    """Deploys with another `early_renewal_hours`; what the CLI said."""
    assert project.run("config", "set", "early", str(hours)).code == 0
    run = project.run(*APPLY, "--diff")
    assert run.code == 0, run.text
    assert "PRIVATE KEY" not in run.text
    return run.out


def test_up_makes_what_is_trusted(project: Project) -> None:
    run = project.run(*APPLY)
    assert run.code == 0, run.text
    assert "pulumi-resource-tls: a stand-in of the sandbox" in run.text
    ca, leaf = certificates(project)
    leaf.verify_directly_issued_by(ca)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["db.example"]


def test_no_private_key_is_readable(project: Project) -> None:
    state = json.dumps(project.exported())
    assert "BEGIN CERTIFICATE" in state
    assert "PRIVATE KEY" not in state


def test_the_next_up_changes_nothing(project: Project) -> None:
    before = certificates(project)
    for command in (UNCHANGED, APPLY, ("refresh", "--yes", "--skip-preview"), UNCHANGED):
        run = project.run(*command)
        assert run.code == 0, f"pulumi {' '.join(command)}: {run.text}"
    assert certificates(project) == before


def test_a_certificate_is_renewed_so_many_hours_before_its_end(project: Project) -> None:
    ca, leaf = certificates(project)
    said = with_early(project, 6)  # the leaf has four left, its authority 48
    assert "1 replaced" in said
    renewed_ca, renewed = certificates(project)
    assert (renewed_ca, renewed.public_key()) == (ca, leaf.public_key())
    assert renewed.serial_number != leaf.serial_number
    assert "replaced" not in with_early(project, 1)
    assert certificates(project) == (renewed_ca, renewed)
