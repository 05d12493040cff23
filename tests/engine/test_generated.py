"""The random and tls providers, whose objects live in the state only."""

from __future__ import annotations

import ipaddress
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509.verification import PolicyBuilder, Store

from sandbox.engine.providers.base import Provider, ProviderError
from sandbox.engine.providers.random import RandomProvider
from sandbox.engine.providers.tls import TlsProvider
from sandbox.engine.values import UNKNOWN, Properties, Secret, has_unknown, plain

PASSWORD = "random:index/randomPassword:RandomPassword"
KEY = "tls:index/privateKey:PrivateKey"
SELF_SIGNED = "tls:index/selfSignedCert:SelfSignedCert"
REQUEST = "tls:index/certRequest:CertRequest"
SIGNED = "tls:index/locallySignedCert:LocallySignedCert"
EC = {"algorithm": "ECDSA", "ecdsaCurve": "P256"}
RANDOM = RandomProvider({}, lambda *_: None)
TLS = TlsProvider({}, lambda *_: None)


def make(provider: Provider, type: str, inputs: Properties, preview: bool = False) -> tuple[Any, Properties]:
    checked = provider.check("urn:x::y::z::name", "name", type, {}, inputs)
    return provider.create("urn:x::y::z::name", type, checked, preview)


def test_a_password_is_of_letters_and_digits_and_secret() -> None:
    id, outputs = make(RANDOM, PASSWORD, {"length": 2000, "special": False})
    assert id == "none"
    assert isinstance(outputs["result"], Secret)
    result = outputs["result"].value
    assert len(result) == 2000
    assert set(result) == set(string.ascii_letters + string.digits)
    assert make(RANDOM, PASSWORD, {"length": 20})[1]["result"] != make(RANDOM, PASSWORD, {"length": 20})[1]["result"]


def test_encodings_of_an_id_agree() -> None:
    id, outputs = make(RANDOM, "random:index/randomId:RandomId", {"byteLength": 4})
    assert outputs["b64Url"] == id
    assert int(outputs["dec"]) == int(outputs["hex"], 16)
    assert len(outputs["hex"]) == 8


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({}, "length: required"),
        ({"length": 0}, "length: expected a whole number above 0, got 0"),
        ({"length": 3, "minLower": 4}, "minLower: not an input"),
        ({"length": 3, "salt": "x"}, "salt: not an input"),
    ],
)
def test_wrong_inputs_are_refused(inputs: Properties, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        make(RANDOM, PASSWORD, inputs)


@pytest.mark.parametrize(("provider", "type", "inputs"), [(RANDOM, PASSWORD, {"length": 8}), (TLS, KEY, EC)])
def test_a_preview_knows_no_result_and_every_input_is_force_new(
    provider: Provider, type: str, inputs: Properties
) -> None:
    id, outputs = make(provider, type, inputs, preview=True)
    assert id is UNKNOWN
    assert has_unknown(outputs)
    (change,) = provider.diff(type, inputs, {}, {**inputs, next(iter(inputs)): 9}).changes.values()
    assert change.replace


def test_key_encodings_agree() -> None:
    id, outputs = make(TLS, KEY, EC)
    assert len(id) == 40
    key: Any = serialization.load_pem_private_key(plain(outputs["privateKeyPem"]).encode(), None)
    pkcs8: Any = serialization.load_pem_private_key(plain(outputs["privateKeyPemPkcs8"]).encode(), None)
    public = serialization.load_pem_public_key(outputs["publicKeyPem"].encode())
    assert key.public_key() == pkcs8.public_key() == public
    assert serialization.load_ssh_public_key(outputs["publicKeyOpenssh"].encode()) == public
    assert outputs["publicKeyFingerprintSha256"].startswith("SHA256:")
    for name in ("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"):
        assert isinstance(outputs[name], Secret)


def _authority() -> tuple[Properties, Properties]:
    _, key = make(TLS, KEY, EC)
    inputs = {
        "privateKeyPem": key["privateKeyPem"],
        "allowedUses": ["cert_signing", "crl_signing"],
        "validityPeriodHours": 24,
        "isCaCertificate": True,
        "subject": {"commonName": "authority"},
    }
    return key, make(TLS, SELF_SIGNED, inputs)[1]


def test_a_signed_certificate_is_trusted_for_its_names_alone() -> None:
    authority_key, authority = _authority()
    _, key = make(TLS, KEY, EC)
    names = {"dnsNames": ["db.example"], "ipAddresses": ["10.0.0.1"], "subject": {"commonName": "db"}}
    _, request = make(TLS, REQUEST, {"privateKeyPem": key["privateKeyPem"], **names})
    id, signed = make(
        TLS,
        SIGNED,
        {
            "caCertPem": authority["certPem"],
            "caPrivateKeyPem": authority_key["privateKeyPem"],
            "certRequestPem": request["certRequestPem"],
            "allowedUses": ["server_auth", "digital_signature"],
            "validityPeriodHours": 12,
        },
    )
    certificate = x509.load_pem_x509_certificate(signed["certPem"].encode())
    root = x509.load_pem_x509_certificate(authority["certPem"].encode())
    assert id == str(certificate.serial_number)
    certificate.verify_directly_issued_by(root)
    verifier = PolicyBuilder().store(Store([root]))
    for good in (x509.DNSName("db.example"), x509.IPAddress(ipaddress.ip_address("10.0.0.1"))):
        verifier.build_server_verifier(good).verify(certificate, [])
    with pytest.raises(x509.verification.VerificationError):
        verifier.build_server_verifier(x509.DNSName("other.example")).verify(certificate, [])
    assert (signed["caKeyAlgorithm"], request["keyAlgorithm"]) == ("ECDSA", "ECDSA")


def test_a_certificate_near_its_end_is_replaced() -> None:
    _, outputs = _authority()
    inputs = {"earlyRenewalHours": 2}
    assert TLS.diff(SELF_SIGNED, inputs, outputs, inputs).changes == {}
    end = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    (path,) = TLS.diff(SELF_SIGNED, inputs, {**outputs, "validityEndTime": end}, inputs).changes
    assert path == ("readyForRenewal",)
    (change,) = TLS.diff(SELF_SIGNED, inputs, outputs, {"earlyRenewalHours": 3}).changes.values()
    assert not change.replace


def test_a_read_says_that_a_certificate_is_to_be_renewed() -> None:
    _, outputs = _authority()
    assert TLS.read(SELF_SIGNED, "1", {"earlyRenewalHours": 2}, outputs) == outputs
    read = TLS.read(SELF_SIGNED, "1", {"earlyRenewalHours": 25}, outputs)
    assert read == {**outputs, "readyForRenewal": True}
    _, key = make(TLS, KEY, EC)
    assert TLS.read(KEY, "1", EC, key) == key


@pytest.mark.parametrize(
    ("type", "inputs", "words"),
    [
        (KEY, {**EC, "algorithm": "RSA"}, "algorithm: 'RSA' is none of ECDSA"),
        (KEY, {**EC, "ecdsaCurve": "P521"}, "ecdsaCurve: 'P521' is none of P256"),
        (REQUEST, {"privateKeyPem": "no key"}, "privateKeyPem: not a private key"),
        (REQUEST, {"privateKeyPem": "x", "subject": {"common_name": "x"}}, "subject: 'common_name' is none of"),
        (
            SELF_SIGNED,
            {"privateKeyPem": "x", "allowedUses": ["signing"], "validityPeriodHours": 1},
            "allowedUses: 'signing' is none of",
        ),
    ],
)
def test_wrong_tls_inputs_are_refused(type: str, inputs: Properties, words: str) -> None:
    with pytest.raises(ProviderError, match=words):
        make(TLS, type, inputs)
