"""The tls provider: keys and certificates that live in the state only.

Every input is force-new except `earlyRenewalHours`. A certificate that has come within that many hours of its end is
replaced, as with the real provider.
"""

# ruff: noqa: ARG002 - the interface fixes the arguments
from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sandbox.engine.providers import certificates
from sandbox.engine.providers.base import Diff, Provider, ProviderError
from sandbox.engine.values import UNKNOWN, Change, Properties, Value, diff, plain

_USES = {*certificates.KEY_USES, *certificates.EXTENDED_USES}
_VALIDITY = ("certPem", "readyForRenewal", "validityStartTime", "validityEndTime")


@dataclass(frozen=True, slots=True)
class Kind:
    """One type: inputs, outputs known only afterwards, and how it is made from plain inputs."""

    required: tuple[str, ...]
    optional: tuple[str, ...]
    computed: tuple[str, ...]
    make: Callable[[Properties, str], tuple[str, Properties]]


def _private_key(inputs: Properties, _: str) -> tuple[str, Properties]:
    outputs = certificates.key_outputs(certificates.new_key(inputs["ecdsaCurve"]))
    return certificates.state_hash(outputs["publicKeyPem"]), {"rsaBits": 2048, **outputs}


def _cert_request(inputs: Properties, where: str) -> tuple[str, Properties]:
    pem = certificates.request_pem(inputs, where)
    return certificates.state_hash(pem), {"certRequestPem": pem, "keyAlgorithm": certificates.ALGORITHM}


def _defaults(inputs: Properties, *flags: str) -> Properties:
    return {"earlyRenewalHours": inputs.get("earlyRenewalHours") or 0} | {f: bool(inputs.get(f)) for f in flags}


def _self_signed(inputs: Properties, where: str) -> tuple[str, Properties]:
    subject = certificates.own_subject(inputs, where)
    id, outputs = certificates.certificate(inputs, subject)
    flags = _defaults(inputs, "isCaCertificate", "setAuthorityKeyId", "setSubjectKeyId")
    return id, {**flags, "keyAlgorithm": certificates.ALGORITHM, **outputs}


def _locally_signed(inputs: Properties, where: str) -> tuple[str, Properties]:
    subject = certificates.requested_subject(inputs, where)
    id, outputs = certificates.certificate(inputs, subject)
    flags = _defaults(inputs, "isCaCertificate", "setSubjectKeyId")
    return id, {**flags, "caKeyAlgorithm": certificates.ALGORITHM, **outputs}


_NAMES = ("subject", "dnsNames", "ipAddresses")
_SIGNED = ("earlyRenewalHours", "isCaCertificate")
KINDS: Mapping[str, Kind] = {
    "tls:index/privateKey:PrivateKey": Kind(
        ("algorithm", "ecdsaCurve"),
        (),
        (
            *("privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh", "publicKeyPem", "publicKeyOpenssh"),
            *("publicKeyFingerprintMd5", "publicKeyFingerprintSha256"),
        ),
        _private_key,
    ),
    "tls:index/certRequest:CertRequest": Kind(
        ("privateKeyPem",), _NAMES, ("certRequestPem", "keyAlgorithm"), _cert_request
    ),
    "tls:index/selfSignedCert:SelfSignedCert": Kind(
        ("privateKeyPem", "allowedUses", "validityPeriodHours"),
        (*_NAMES, *_SIGNED),
        (*_VALIDITY, "keyAlgorithm"),
        _self_signed,
    ),
    "tls:index/locallySignedCert:LocallySignedCert": Kind(
        ("caCertPem", "caPrivateKeyPem", "certRequestPem", "allowedUses", "validityPeriodHours"),
        _SIGNED,
        (*_VALIDITY, "caKeyAlgorithm"),
        _locally_signed,
    ),
}


class TlsProvider(Provider):
    """Serves `KINDS`."""

    types = frozenset(KINDS)

    def check(self, urn: str, name: str, type: str, old_inputs: Properties, new_inputs: Properties) -> Properties:
        kind, where = KINDS[type], f"{type} {name!r}"
        inputs = plain(new_inputs)
        for key in inputs:
            if key not in {*kind.required, *kind.optional, "__defaults"}:
                raise ProviderError(f"{where}: {key}: not an input the sandbox engine knows for this type")
        for key in kind.required:
            if inputs.get(key) is None:
                raise ProviderError(f"{where}: {key}: required")
        _one_of(inputs.get("algorithm"), [certificates.ALGORITHM], f"{where}: algorithm")
        _one_of(inputs.get("ecdsaCurve"), certificates.CURVES, f"{where}: ecdsaCurve")
        for use in inputs.get("allowedUses") or []:
            _one_of(use, sorted(_USES), f"{where}: allowedUses")
        subject = inputs.get("subject")
        for key in subject if isinstance(subject, dict) else {}:
            _one_of(key, sorted(certificates.SUBJECT_FIELDS), f"{where}: subject")
        return new_inputs

    def diff(self, type: str, old_inputs: Properties, old_outputs: Properties, new_inputs: Properties) -> Diff:
        changes = {
            path: change if path == ("earlyRenewalHours",) else replace(change, replace=True)
            for path, change in diff(old_inputs, new_inputs).items()
        }
        if _ends(new_inputs, old_outputs):
            changes[("readyForRenewal",)] = Change("update", False, True, replace=True)
        return Diff(changes)

    def create(self, urn: str, type: str, inputs: Properties, preview: bool) -> tuple[Value, Properties]:
        kind = KINDS[type]
        given = {key: value for key, value in inputs.items() if value is not None and key != "__defaults"}
        if preview:
            return UNKNOWN, {**given, **dict.fromkeys(kind.computed, UNKNOWN)}
        id, outputs = kind.make(plain(given), f"{type} {urn.rsplit('::', 1)[1]!r}")
        return id, {**given, **outputs, "id": id}

    def update(
        self,
        urn: str,
        type: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        inputs: Properties,
        preview: bool,
    ) -> Properties:
        return {**old_outputs, "earlyRenewalHours": inputs.get("earlyRenewalHours") or 0}

    def read(self, type: str, id: str, inputs: Properties, outputs: Properties) -> Properties | None:
        """As it was made; a certificate that has come near its end says so."""
        if "readyForRenewal" not in KINDS[type].computed or not _ends(inputs, outputs):
            return outputs
        return {**outputs, "readyForRenewal": True}

    def live(self, type: str, id: str, inputs: Properties) -> Properties | None:
        return inputs

    def delete(self, type: str, id: str, inputs: Properties, outputs: Properties) -> None:
        """There is nothing but the state."""

    def find(self, type: str, inputs: Properties) -> str | None:
        return None


def _one_of(value: Value, allowed: Iterable[str], where: str) -> None:
    if value is not None and value is not UNKNOWN and value not in set(allowed):
        raise ProviderError(f"{where}: {value!r} is none of {', '.join(allowed)}")


def _ends(inputs: Properties, outputs: Properties) -> bool:
    """Whether the certificate of `outputs` is to be renewed by now."""
    end, early = plain(outputs.get("validityEndTime")), plain(inputs.get("earlyRenewalHours")) or 0
    if not isinstance(end, str) or early is UNKNOWN:
        return False
    return datetime.now(UTC) >= datetime.fromisoformat(end) - timedelta(hours=early)
