"""Replicas and proxies that end, and updates: no safe request may fail."""

from collections.abc import Mapping
from typing import ClassVar

from drills.deployment import Change, Settings
from drills.errors import DrillError
from drills.fault import PLATFORMS, Fault
from drills.health import require_apps
from drills.site import Site
from drills.waiting import wait_for


class _OfApps(Fault):
    failed_requests: ClassVar[Mapping[str, int]] = dict.fromkeys(PLATFORMS, 0)

    def well(self) -> bool:
        require_apps(self.site)
        return True


class AppReplicaKilled(_OfApps):
    """The proxies try a safe request at another replica."""

    name = "app-replica-killed"
    does = "one of three replicas of the application is killed"
    healed_by = "the orchestrator starts another"

    def aim(self) -> None:
        self.replica = self.site.replicas("web")[0]
        self.hit = self.site.containers_of(self.replica)

    def inject(self) -> None:
        self.site.kill(self.replica)


class ProxyKilled(_OfApps):
    """Clients that come through another host notice nothing on Swarm, where each host has its own proxy. Kubernetes
    chooses a proxy for each connection, and fails those that were at the killed one."""

    name = "proxy-killed"
    does = "one of two proxies is killed; the load goes to another host's entry"
    healed_by = "the orchestrator starts another"

    failed_requests: ClassVar[Mapping[str, int]] = {"swarm": 0}

    def aim(self) -> None:
        self.replica = self.site.replicas("edge")[0]
        self.url = self.site.entry_beside(self.site.host_of(self.replica))
        self.hit = self.site.containers_of(self.replica)

    def inject(self) -> None:
        self.site.kill(self.replica)


class RollingUpdate(_OfApps):
    """Old replicas drain, and new ones take over when they are ready."""

    name = "rolling-update"
    does = "the application gets a new version, one replica after another"
    healed_by = "nothing has to be"

    def __init__(self, site: Site, change: Change | None = None) -> None:
        super().__init__(site)
        self.change = change or _next_version

    def inject(self) -> None:
        self.site.deployment.up_ok(self.change)


class BadImage(_OfApps):
    """The update fails, the old version serves on."""

    name = "bad-image"
    does = "the application gets an image that ends at once, and the update fails"
    healed_by = "the next `up` with the good image"

    def aim(self) -> None:
        self.good = self.site.image_of("web")

    def inject(self) -> None:
        with self.site.deployment.trial(_bad_image):
            # Not the engine alone: the official provider of Docker says no more than that a task ended.
            self.said = self.site.deployment.command("up")
        if self.said.code == 0:
            raise DrillError(f"an `up` with an image that ends at once succeeded: {self.said.text}")

    def heal(self) -> None:
        # One of its replicas may be about to end.
        wait_for("only the old version runs", lambda: self.site.image_of("web") == self.good, seconds=60)
        self.site.deployment.up_ok()

    def well(self) -> bool:
        if hasattr(self, "good") and (found := self.site.image_of("web")) != self.good:
            raise LookupError(f"images of the application: {found}")
        return super().well()

    def old_member(self) -> str:
        return f"`up` ended with {self.said.code}"


def _next_version(settings: Settings) -> None:
    env = settings["apps"]["web"]["env"]
    env["APP_VERSION"] = str(int(env["APP_VERSION"]) + 1)


def _bad_image(settings: Settings) -> None:
    settings["apps"]["web"]["image"] = "chat-bad"
    settings["apps"]["web"]["migrations"]["command"] = ["true"]
