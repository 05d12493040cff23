"""The cluster's identities: who is named, who signs, who may read the keys, and that `up` again keeps them."""

import base64
import stat
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from sandbox.hosts.kubernetes.credentials import Credentials

NODES = ("host1", "host2")


@pytest.fixture
def identity(tmp_path: Path) -> Credentials:
    made = Credentials(tmp_path / "pki", "10.79.0.10")
    made.make(NODES)
    return made


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def values(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str | bytes]:
    return [attribute.value for attribute in name.get_attributes_for_oid(kind)]


def test_api_server_is_signed_for_every_name_it_is_reached_by(identity: Credentials) -> None:
    served = load(identity.api_server().certificate)
    served.verify_directly_issued_by(load(identity.ca.pair.certificate))
    alternatives = served.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = {str(address) for address in alternatives.get_values_for_type(x509.IPAddress)}
    assert addresses == {"10.79.0.10", "10.96.0.1", "127.0.0.1"}
    assert "kubernetes.default.svc.cluster.local" in alternatives.get_values_for_type(x509.DNSName)


def test_front_proxy_has_an_authority_of_its_own(identity: Credentials) -> None:
    front = load(identity.front_proxy().certificate)
    front.verify_directly_issued_by(load(identity.front_proxy_ca.pair.certificate))
    with pytest.raises(ValueError, match="Issuer"):
        front.verify_directly_issued_by(load(identity.ca.pair.certificate))


@pytest.mark.parametrize(
    ("client", "user", "groups"),
    [
        ("admin", "admin", ["system:masters"]),
        ("kubelet-host2", "system:node:host2", ["system:nodes"]),
        ("scheduler", "system:kube-scheduler", []),
    ],
)
def test_kubeconfig_carries_user_and_groups(identity: Credentials, client: str, user: str, groups: list[str]) -> None:
    config = yaml.safe_load(identity.kubeconfig(client).read_text())
    assert config["clusters"][0]["cluster"]["server"] == "https://10.79.0.10:6443"
    subject = x509.load_pem_x509_certificate(
        base64.b64decode(config["users"][0]["user"]["client-certificate-data"])
    ).subject
    assert values(subject, NameOID.COMMON_NAME) == [user]
    assert values(subject, NameOID.ORGANIZATION_NAME) == groups


def test_private_files_are_readable_by_their_owner_only(identity: Credentials) -> None:
    private = [*identity.directory.glob("*.key"), *identity.directory.glob("*.kubeconfig")]
    assert len(private) > 10
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert stat.S_IMODE(identity.directory.stat().st_mode) == 0o700


def test_made_again_keeps_every_file(identity: Credentials) -> None:
    before = {path: path.read_bytes() for path in identity.directory.iterdir()}
    Credentials(identity.directory, "10.79.0.10").make(NODES)
    assert {path: path.read_bytes() for path in identity.directory.iterdir()} == before
