"""When a given certificate ends, read from its text."""

import subprocess
from datetime import UTC, datetime

import pytest
from cryptography import x509

from settings.certificates import first_end
from tests.rendered.given_certificate import given_certificate

# RFC 5280: a time of two digits for the year until 2049, one of four from 2050 on.
ENDS = [
    datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC),
    datetime(2049, 12, 31, tzinfo=UTC),
    datetime(2050, 1, 1, tzinfo=UTC),
]


@pytest.mark.parametrize("end", ENDS)
def test_times_of_two_digits_and_of_four(end: datetime) -> None:
    text = given_certificate(end)
    assert first_end(text) == end


def test_of_a_chain_the_first_end_counts() -> None:
    sooner, later = given_certificate(ENDS[0]), given_certificate(ENDS[2])
    assert first_end(later + sooner) == first_end(sooner + later) == ENDS[0]


def test_what_stands_beside_it_is_passed_over() -> None:
    kind = "PRIVATE KEY"
    beside = f"Bag Attributes\r\n-----BEGIN {kind}-----\nAAAA\n-----END {kind}-----\n"
    assert first_end(beside + given_certificate(ENDS[1]).replace("\n", "\r\n")) == ENDS[1]


@pytest.mark.parametrize("algorithm", ["rsa:2048", "ed25519"])
def test_of_another_program(tmp_path_factory: pytest.TempPathFactory, algorithm: str) -> None:
    place = tmp_path_factory.mktemp("made")
    command = ["openssl", "req", "-x509", "-newkey", algorithm, "-nodes", "-subj", "/C=DE/O=Ae/CN=a.example.com"]
    command += ["-days", "90", "-keyout", str(place / "key"), "-out", str(place / "certificate")]
    subprocess.run(command, check=True, capture_output=True)
    text = (place / "certificate").read_text()
    assert first_end(text) == x509.load_pem_x509_certificate(text.encode()).not_valid_after_utc


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CERTIFICATE",
        "-----BEGIN CERTIFICATE-----\nnot base64\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----",
        given_certificate().replace("M", "A", 1),
        given_certificate()[:200] + "\n-----END CERTIFICATE-----",
        given_certificate() + "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a certificate in PEM form"):
        first_end(text)
