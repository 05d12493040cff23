"""Making keys and certificates as the tls provider does: names of inputs and outputs, defaults and encodings."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.values import Properties, Secret

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {
    "P224": ec.SECP224R1,
    "P256": ec.SECP256R1,
    "P384": ec.SECP384R1,
    "P521": ec.SECP521R1,
}
KEY_USES = {
    "digital_signature": "digital_signature",
    "content_commitment": "content_commitment",
    "key_encipherment": "key_encipherment",
    "data_encipherment": "data_encipherment",
    "key_agreement": "key_agreement",
    "cert_signing": "key_cert_sign",
    "crl_signing": "crl_sign",
}
EXTENDED_USES = {
    "any_extended": ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    "server_auth": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "code_signing": ExtendedKeyUsageOID.CODE_SIGNING,
    "email_protection": ExtendedKeyUsageOID.EMAIL_PROTECTION,
    "timestamping": ExtendedKeyUsageOID.TIME_STAMPING,
    "ocsp_signing": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_SUBJECT = {
    "commonName": NameOID.COMMON_NAME,
    "country": NameOID.COUNTRY_NAME,
    "locality": NameOID.LOCALITY_NAME,
    "organization": NameOID.ORGANIZATION_NAME,
    "organizationalUnit": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "postalCode": NameOID.POSTAL_CODE,
    "province": NameOID.STATE_OR_PROVINCE_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
}
SUBJECT_FIELDS = frozenset({*_SUBJECT, "streetAddresses"})
_PEM = serialization.Encoding.PEM
_PLAIN = serialization.NoEncryption()


def state_hash(text: str) -> str:
    """The id the real provider gives to what has no serial number."""
    return hashlib.sha1(text.strip().encode(), usedforsecurity=False).hexdigest()


def new_key(algorithm: str, bits: int, curve: str) -> PrivateKey:
    """A private key; `bits` counts for RSA, `curve` for ECDSA."""
    if algorithm == "RSA":
        return rsa.generate_private_key(65537, bits)
    return ec.generate_private_key(CURVES[curve]()) if algorithm == "ECDSA" else ed25519.Ed25519PrivateKey.generate()


def load_key(pem: str, where: str) -> PrivateKey:
    """The key in `pem`. Raises ProviderError naming the input, never the key."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ProviderError(f"{where}: not a private key in PEM form without a passphrase") from None
    if not isinstance(key, PrivateKey):
        raise ProviderError(f"{where}: only RSA, ECDSA and ED25519 keys are supported")
    return key


def algorithm_of(key: PrivateKey) -> str:
    """The algorithm's name as the provider writes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePrivateKey) else "ED25519"


def key_outputs(key: PrivateKey) -> Properties:
    """All encodings of a key; those of the private half are secret."""
    public = key.public_key()
    traditional = isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey))
    forms = serialization.PrivateFormat
    pkcs8 = key.private_bytes(_PEM, forms.PKCS8, _PLAIN).decode()
    pem = key.private_bytes(_PEM, forms.TraditionalOpenSSL, _PLAIN).decode() if traditional else pkcs8
    result = {
        "privateKeyPem": Secret(pem),
        "privateKeyPemPkcs8": Secret(pkcs8),
        "publicKeyPem": public.public_bytes(_PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
        "privateKeyOpenssh": Secret(""),
        "publicKeyOpenssh": "",
        "publicKeyFingerprintMd5": "",
        "publicKeyFingerprintSha256": "",
    }
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP224R1):
        return result  # OpenSSH does not know this curve
    formats = serialization.PublicFormat.OpenSSH
    openssh = public.public_bytes(serialization.Encoding.OpenSSH, formats).decode()
    colons = serialization.ssh_key_fingerprint(public, hashes.MD5()).hex(":")
    sha256 = serialization.ssh_key_fingerprint(public, hashes.SHA256())
    return {
        **result,
        "privateKeyOpenssh": Secret(key.private_bytes(_PEM, forms.OpenSSH, _PLAIN).decode()),
        "publicKeyOpenssh": f"{openssh}\n",
        "publicKeyFingerprintMd5": colons,
        "publicKeyFingerprintSha256": f"SHA256:{base64.b64encode(sha256).decode().rstrip('=')}",
    }


def _name(subject: dict[str, Any] | None) -> x509.Name:
    subject = subject or {}
    attributes = [x509.NameAttribute(oid, subject[key]) for key, oid in _SUBJECT.items() if subject.get(key)]
    streets = subject.get("streetAddresses") or []
    return x509.Name(attributes + [x509.NameAttribute(NameOID.STREET_ADDRESS, street) for street in streets])


def _alternatives(inputs: Properties, where: str) -> list[x509.GeneralName]:
    try:
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in inputs.get("ipAddresses") or []]
    except ValueError as error:
        raise ProviderError(f"{where}: ipAddresses: {error}") from None
    names = [x509.DNSName(text) for text in inputs.get("dnsNames") or []]
    return [*names, *addresses, *(x509.UniformResourceIdentifier(text) for text in inputs.get("uris") or [])]


def _digest(key: PrivateKey) -> hashes.SHA256 | None:
    return None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()


def request_pem(inputs: Properties, where: str) -> tuple[str, str]:
    """A certificate request for the inputs of `CertRequest`: PEM and the key's algorithm."""
    key = load_key(inputs["privateKeyPem"], f"{where}: privateKeyPem")
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs.get("subject")))
    alternatives = _alternatives(inputs, where)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, _digest(key)).public_bytes(_PEM).decode(), algorithm_of(key)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a certificate is for, and who signs it."""

    name: x509.Name
    public: Any
    alternatives: list[x509.GeneralName]
    issuer: x509.Name
    signer: PrivateKey


def own_subject(inputs: Properties, where: str) -> Subject:
    """The subject of a self-signed certificate."""
    key = load_key(inputs["privateKeyPem"], f"{where}: privateKeyPem")
    name = _name(inputs.get("subject"))
    return Subject(name, key.public_key(), _alternatives(inputs, where), name, key)


def requested_subject(inputs: Properties, where: str) -> Subject:
    """The subject of a certificate request, signed by the given authority."""
    signer = load_key(inputs["caPrivateKeyPem"], f"{where}: caPrivateKeyPem")
    try:
        authority = x509.load_pem_x509_certificate(inputs["caCertPem"].encode())
    except ValueError:
        raise ProviderError(f"{where}: caCertPem: not a certificate in PEM form") from None
    try:
        request = x509.load_pem_x509_csr(inputs["certRequestPem"].encode())
    except ValueError:
        raise ProviderError(f"{where}: certRequestPem: not a certificate request in PEM form") from None
    try:
        alternatives = list(request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        alternatives = []
    return Subject(request.subject, request.public_key(), alternatives, authority.subject, signer)


def certificate(inputs: Properties, subject: Subject) -> tuple[str, Properties]:
    """The serial number and the outputs of a certificate valid from now for `validityPeriodHours`."""
    begin = datetime.now(UTC).replace(microsecond=0)
    end = begin + timedelta(hours=inputs["validityPeriodHours"])
    authority = bool(inputs.get("isCaCertificate"))
    serial = x509.random_serial_number()
    builder = (
        x509.CertificateBuilder(subject.issuer, subject.name, subject.public, serial, begin, end)
        .add_extension(x509.BasicConstraints(authority, inputs.get("maxPathLength") if authority else None), True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(subject.signer.public_key()), False)
    )
    if authority or inputs.get("setSubjectKeyId"):
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.public), False)
    uses = inputs["allowedUses"]
    if set(uses) & set(KEY_USES):
        flags = {field: use in uses for use, field in KEY_USES.items()}
        builder = builder.add_extension(x509.KeyUsage(**flags, encipher_only=False, decipher_only=False), True)
    if set(uses) & set(EXTENDED_USES):
        extended = [EXTENDED_USES[use] for use in uses if use in EXTENDED_USES]
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), False)
    if subject.alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(subject.alternatives), False)
    pem = builder.sign(subject.signer, _digest(subject.signer)).public_bytes(_PEM).decode()
    start, stop = (moment.isoformat().replace("+00:00", "Z") for moment in (begin, end))
    return str(serial), {
        "certPem": pem,
        "readyForRenewal": False,
        "validityStartTime": start,
        "validityEndTime": stop,
    }
