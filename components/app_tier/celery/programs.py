"""The programs that a part of Celery runs, and what they are told, as mounted files."""

import json
from collections.abc import Mapping
from pathlib import Path

from components.app_tier.celery.preset import DIRECTORY, broker
from components.app_tier.celery.transport import transport
from components.app_tier.settings import AppTierSettings
from components.contracts import ClientContract
from components.scope import Scope
from model import File

METRICS_PORT = 9808
"""Of the exporter."""
_FILES = Path(__file__).parent / "files"
_MAIN = "import sys\n\nfrom ha_celery.main import main\n\nsys.exit(main(sys.path[0], *sys.argv[1:]))\n"
_PROGRAMS = ("main", "beat", "broker", "drain", "exporter", "worker")


def programs(
    scope: Scope, name: str, settings: AppTierSettings, contracts: Mapping[str, ClientContract]
) -> tuple[File, ...]:
    """One file for each, and `celery.json`, in a directory that no image has."""
    if settings.celery is None:
        return ()
    texts = {"json": ("celery.json", _told(name, settings, contracts)), "main": ("__main__.py", _MAIN)}
    texts |= {
        f"program-{program}": (f"ha_celery/{program}.py", (_FILES / f"{program}.py").read_text())
        for program in _PROGRAMS
    }
    return scope.config_files(f"{name}-celery", DIRECTORY, texts)


def _told(name: str, settings: AppTierSettings, contracts: Mapping[str, ClientContract]) -> str:
    found = broker(settings)
    assert settings.celery is not None, "only parts of Celery are told something"
    assert found is not None, "the settings require one broker"
    used, use = found
    own, terms = settings.celery.worker, contracts[used].terms
    told = {
        "name": name,
        "app": settings.celery.app,
        "prefix": use.prefix,
        "transport": transport(terms),
        "queues": own.queues,
        "concurrency": own.concurrency,
        "prefetch": own.prefetch,
        "time_limit": own.time_limit,
        "visibility_timeout": own.visibility_seconds,
        "metrics_port": METRICS_PORT,
        # A cluster of the stack makes what nobody says otherwise a quorum queue; of another one nobody knows it.
        "quorum": transport(terms) == "amqp" and "nodes" in terms.facts,
    }
    return json.dumps(told, indent=2) + "\n"
