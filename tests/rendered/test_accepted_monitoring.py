"""What monitoring renders for any accepted stack is accepted by Prometheus' and Alertmanager's own checks."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rendered.programs import JUDGED, passes, program
from tests.rendered.texts import PLATFORMS, accepted, text
from tests.rendered.values import APP, CACHE, MONITORING, NAMES, SECRETS

pytestmark = pytest.mark.live


@JUDGED
@given(
    platform=st.sampled_from(sorted(PLATFORMS)),
    monitoring=MONITORING,
    apps=st.dictionaries(NAMES, APP, max_size=2),
    caches=st.dictionaries(NAMES, CACHE, max_size=1),
)
def test_the_files_are_accepted(
    platform: str, monitoring: dict[str, Any], apps: dict[str, Any], caches: dict[str, Any]
) -> None:
    promtool, amtool = program("promtool", "prometheus"), program("amtool", "prometheus-alertmanager")
    document = {"platform": PLATFORMS[platform], "apps": apps, "caches": caches, "monitoring": monitoring}
    registered = accepted(document, secrets=SECRETS)
    with tempfile.TemporaryDirectory() as place:
        rules, config, alerts = (Path(place, name) for name in ("rules.yml", "prometheus.yml", "alertmanager.yml"))
        rules.write_text(text(registered, "prometheus-rules"))
        config.write_text(text(registered, "prometheus-config").replace("/etc/ha-prometheus", place))
        alerts.write_text(text(registered, "alertmanager-config"))
        passes(promtool, "check", "rules", str(rules))
        passes(promtool, "check", "config", str(config))
        passes(amtool, "check-config", str(alerts))
