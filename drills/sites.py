"""The platforms that drills know, and the live stack deployed on one of them for as long as drills take."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from drills.commands import REPOSITORY
from drills.engine import Engine, SandboxEngine
from drills.errors import DrillError
from drills.kubernetes_site import KubernetesSite
from drills.loads import answers
from drills.site import Site
from drills.swarm_site import STACK, SwarmSite
from sandbox.hosts.errors import HostError
from sandbox.hosts.profiles import profile

SITES: dict[str, type[SwarmSite] | type[KubernetesSite]] = {"swarm": SwarmSite, "kubernetes": KubernetesSite}
LOGS = REPOSITORY / "out" / "logs"


@contextmanager
def deployed(platform: str, say: Callable[[str], None]) -> Iterator[Site]:
    """The stack, on sandbox hosts that are removed at the end, or kept for the next drill with HA_KEEP=1.

    Hosts that run for somebody else are refused, not used. Logs are kept where a drill fails.
    """
    kind = SITES[platform]
    directory = profile(kind.profile).directory / "drills"  # the engine's state goes with the hosts
    if kind.is_up() and not directory.exists():
        raise DrillError(
            f"the sandbox hosts `{kind.profile}` run, and not for a drill. Remove what runs there, and them: "
            f"`.venv/bin/python -m sandbox.hosts down {kind.profile}`."
        )
    try:
        say(f"drill: hosts and images of {kind.profile}")
        site = kind(directory, lambda target: _engines(directory, target))
        try:
            say(f"drill: the stack `{STACK}`")
            _up(site)
            yield site
        except BaseException:
            logs = LOGS / f"drills-{platform}"
            shutil.rmtree(logs, ignore_errors=True)
            with suppress(OSError, HostError):  # what failed before is what has to be said
                site.keep_logs(logs)
            say(f"drill: logs are in {logs.relative_to(REPOSITORY)}")
            raise
    finally:
        if os.environ.get("HA_KEEP") != "1":
            kind.clear()


def _engines(directory: Path, target: Mapping[str, str]) -> list[Engine]:
    directory.mkdir(exist_ok=True)
    return [SandboxEngine(STACK, directory, target)]


def _up(site: Site) -> None:
    deployment = site.deployment
    if not deployment.given("model_api_key"):
        deployment.init()
        deployment.give_secret("model_api_key", f"given-{secrets.token_hex(16)}")
    deployment.up_ok()
    for entry in site.entries:  # a node's port answers a moment after the Service is there
        answers(entry, "/ready")
