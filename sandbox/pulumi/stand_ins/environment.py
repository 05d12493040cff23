"""How the CLI is run so that it finds the stand-ins, and where they may be used."""

from __future__ import annotations

import os
from pathlib import Path

BIN = Path(__file__).with_name("bin")
ALLOWED = "HA_STAND_INS"
"""The variable without which no stand-in starts: the Docker host or kubeconfig that they may change, or `nothing`."""


def stand_in_environment(target: str = "nothing") -> dict[str, str]:
    """Variables for the CLI; `target` is the sandbox's Docker host or kubeconfig."""
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        ALLOWED: target,
        # Nothing is fetched where a stand-in is missing; the CLI then names the plugin.
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
