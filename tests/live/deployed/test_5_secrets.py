"""No secret stands where somebody may read it who was not given it."""

import base64
import json

import pytest

from drills.engine import PASSPHRASE
from drills.site import Site
from drills.waiting import wait_for
from sandbox.engine.crypto import Passphrase

pytestmark = [pytest.mark.live, pytest.mark.timeout(1200, func_only=True)]


def test_no_secret_is_anywhere_in_plain(site: Site, given_secret: str) -> None:
    values = _generated(site) | {"model_api_key": given_secret}
    assert len(values) >= 8, "one for each purpose"
    assert len(set(values.values())) == len(values), "no two purposes share a secret"
    places = site.plain_texts()
    places["state at rest"] = site.deployment.exported()
    for everything in ("--json", "--diff"):
        run = site.deployment.preview(lambda _: None, everything, "--show-sames")
        assert "RandomPassword" in run.text
        places[f"preview {everything}"] = run.text
    for number, text in enumerate(site.deployment.said):
        places[f"what command {number} printed"] = text
    for engine in site.deployment.engines.values():
        for path in (file for directory in engine.records for file in directory.rglob("*")):
            if path.is_file():
                places[f"{engine.name}: file {path.name}"] = path.read_text(errors="replace")
    found = [
        f"{name} in {place}"
        for name, value in values.items()
        for place, text in places.items()
        if value in text or base64.b64encode(value.encode()).decode() in text
    ]
    assert found == [], "values are not shown here, only where they were found"


def test_secrets_are_where_they_belong(site: Site, given_secret: str) -> None:
    """The search above would find nothing in an empty stack either."""

    def mounted() -> bool:
        return given_secret in site.run_in(site.replicas("web")[0], ["cat", "/run/secrets/model_api_key"])

    def exported() -> bool:
        exported = "tr '\\0' '\\n' < /proc/1/environ | grep -c ^MODEL_API_KEY="
        return site.run_in(site.replicas("worker")[0], ["sh", "-c", exported]).strip() == "1"

    # The replica that is asked may be an old one, about to end.
    wait_for("it is mounted as a file", mounted, seconds=90)
    wait_for("it is exported by the launcher, in the process alone", exported, seconds=90)


def test_secrets_are_stable_across_updates(site: Site) -> None:
    before = _generated(site)
    site.deployment.up_ok()
    assert _generated(site) == before


def _generated(site: Site) -> dict[str, str]:
    """Every generated password, decrypted from the state with the passphrase."""
    deployment = json.loads(site.deployment.exported())["deployment"]
    crypter = Passphrase(PASSPHRASE, deployment["secrets_providers"]["state"]["salt"])
    passwords = [one for one in deployment["resources"] if one["type"].endswith("RandomPassword")]
    return {
        one["urn"].rsplit("::", 1)[-1]: json.loads(crypter.decrypt(one["outputs"]["result"]["ciphertext"]))
        for one in passwords
    }
