"""Certificates inside a stack, as they are rendered and issued: who has one, for which names, and for how long."""

import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from tests.mock_engine import Recorded
from tests.rendered.issued import issued, with_certificates
from tests.rendered.texts import PLATFORMS, accepted, text

DATABASES = {"main": {"members": 3}, "other": {"members": 1}}
HOSTS = {
    "swarm": ["generated-main-etcd-0", "generated-main-etcd-1", "generated-main-etcd-2"],
    "kubernetes": [f"main-etcd-{n}.ha-platform-generated.svc.cluster.local" for n in range(3)],
}


def registered(platform: str, **parts: Any) -> list[Recorded]:
    return accepted({"platform": PLATFORMS[platform], **parts}, secrets={})


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_a_stack_without_a_database_of_its_own_has_none(platform: str) -> None:
    found = registered(platform, caches={"sessions": {"role": "session"}})
    assert not [one for one in found if one.type.startswith("tls:")]


@pytest.mark.parametrize("platform", sorted(HOSTS))
def test_a_member_s_certificate_is_for_the_names_that_others_call(platform: str) -> None:
    found = registered(platform, databases=DATABASES)
    real = issued(found)
    pems = {name: with_certificates(text(found, f"main-etcd-{name}"), real) for name in ("identity", "ca", "client")}
    leaf = x509.load_pem_x509_certificate(pems["identity"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [*HOSTS[platform], "localhost"]
    (authority,) = x509.load_pem_x509_certificates(pems["ca"].encode())
    leaf.verify_directly_issued_by(authority)
    lasts = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert 700 < lasts.days < 731
    assert (authority.not_valid_after_utc - authority.not_valid_before_utc).days == 3650
    assert pems["identity"].count("PRIVATE KEY-----") == pems["client"].count("PRIVATE KEY-----") == 2
    renewed = [
        one.inputs.get("earlyRenewalHours")
        for one in found
        if one.name == "main-etcd-identity" and "Signed" in one.type
    ]
    assert renewed == [365 * 24]


@pytest.mark.parametrize("platform", sorted(HOSTS))
def test_stores_have_one_root_and_do_not_trust_each_other(platform: str) -> None:
    found = registered(platform, databases=DATABASES)
    real = issued(found)
    leaf = x509.load_pem_x509_certificate(with_certificates(text(found, "main-etcd-client"), real).encode())

    def trusted(file: str) -> bool:
        there = x509.load_pem_x509_certificates(with_certificates(text(found, file), real).encode())
        try:
            PolicyBuilder().store(Store(there)).build_client_verifier().verify(leaf, [])
        except VerificationError:
            return False
        return True

    assert not trusted("other-etcd-ca")
    roots = [one for one in found if one.type.endswith(":SelfSignedCert")]
    assert [one.name for one in roots] == ["ca"]
    leaf.verify_directly_issued_by(
        x509.load_pem_x509_certificate(with_certificates(text(found, "main-etcd-ca"), real).encode())
    )


@pytest.mark.parametrize("platform", sorted(HOSTS))
def test_keys_are_nowhere_but_in_secrets(platform: str) -> None:
    for one in registered(platform, databases=DATABASES):
        if one.type.rpartition(":")[2] not in ("Secret",) and not one.type.startswith("tls:"):
            assert "<key " not in json.dumps(one.inputs), one.name
