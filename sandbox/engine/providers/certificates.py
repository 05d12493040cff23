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
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.engine.providers.base import ProviderError
from sandbox.engine.values import Properties, Secret

PrivateKey = ec.EllipticCurvePrivateKey
CURVES: dict[str, Callable[[], ec.EllipticCurve]] = {"P256": ec.SECP256R1}
KEY_USES = {"digital_signature": "digital_signature", "cert_signing": "key_cert_sign", "crl_signing": "crl_sign"}
EXTENDED_USES = {"server_auth": ExtendedKeyUsageOID.SERVER_AUTH, "client_auth": ExtendedKeyUsageOID.CLIENT_AUTH}
SUBJECT_FIELDS = frozenset({"commonName"})
ALGORITHM = "ECDSA"
_OTHER_USES = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement")
_PEM = serialization.Encoding.PEM
_PLAIN = serialization.NoEncryption()


def state_hash(text: str) -> str:
    """The id the real provider gives to what has no serial number."""
    return hashlib.sha1(text.strip().encode(), usedforsecurity=False).hexdigest()


def new_key(curve: str) -> PrivateKey:
    return ec.generate_private_key(CURVES[curve]())


def load_key(pem: str, where: str) -> PrivateKey:
    """The key in `pem`. Raises ProviderError naming the input, never the key."""
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ProviderError(f"{where}: not a private key in PEM form without a passphrase") from None
    if not isinstance(key, PrivateKey):
        raise ProviderError(f"{where}: the sandbox engine takes {ALGORITHM} keys alone")
    return key


def key_outputs(key: PrivateKey) -> Properties:
    """All encodings of a key; those of the private half are secret."""
    public, forms, formats = key.public_key(), serialization.PrivateFormat, serialization.PublicFormat
    private = {
        "privateKeyPem": forms.TraditionalOpenSSL,
        "privateKeyPemPkcs8": forms.PKCS8,
        "privateKeyOpenssh": forms.OpenSSH,
    }
    openssh = public.public_bytes(serialization.Encoding.OpenSSH, formats.OpenSSH).decode()
    sha256 = serialization.ssh_key_fingerprint(public, hashes.SHA256())
    return {
        **{name: Secret(key.private_bytes(_PEM, form, _PLAIN).decode()) for name, form in private.items()},
        "publicKeyPem": public.public_bytes(_PEM, formats.SubjectPublicKeyInfo).decode(),
        "publicKeyOpenssh": f"{openssh}\n",
        "publicKeyFingerprintMd5": serialization.ssh_key_fingerprint(public, hashes.MD5()).hex(":"),
        "publicKeyFingerprintSha256": f"SHA256:{base64.b64encode(sha256).decode().rstrip('=')}",
    }


def _name(subject: dict[str, Any] | None) -> x509.Name:
    name = (subject or {}).get("commonName")
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])


def _alternatives(inputs: Properties, where: str) -> list[x509.GeneralName]:
    try:
        addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in inputs.get("ipAddresses") or []]
    except ValueError as error:
        raise ProviderError(f"{where}: ipAddresses: {error}") from None
    names = [x509.DNSName(text) for text in inputs.get("dnsNames") or []]
    return [*names, *addresses]


def request_pem(inputs: Properties, where: str) -> str:
    """A certificate request for the inputs of `CertRequest`."""
    key = load_key(inputs["privateKeyPem"], f"{where}: privateKeyPem")
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(inputs.get("subject")))
    alternatives = _alternatives(inputs, where)
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(_PEM).decode()


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
        .add_extension(x509.BasicConstraints(authority, None), True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(subject.signer.public_key()), False)
    )
    if authority:
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(subject.public), False)
    uses = inputs["allowedUses"]
    if set(uses) & set(KEY_USES):
        flags = {field: use in uses for use, field in KEY_USES.items()} | dict.fromkeys(_OTHER_USES, False)
        builder = builder.add_extension(x509.KeyUsage(**flags, encipher_only=False, decipher_only=False), True)
    if set(uses) & set(EXTENDED_USES):
        extended = [EXTENDED_USES[use] for use in uses if use in EXTENDED_USES]
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), False)
    if subject.alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(subject.alternatives), False)
    pem = builder.sign(subject.signer, hashes.SHA256()).public_bytes(_PEM).decode()
    start, stop = (moment.isoformat().replace("+00:00", "Z") for moment in (begin, end))
    return str(serial), {
        "certPem": pem,
        "readyForRenewal": False,
        "validityStartTime": start,
        "validityEndTime": stop,
    }
