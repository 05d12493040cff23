"""The image registry in every host: 127.0.0.1:5000, over one storage that all hosts share."""

from sandbox.hosts.errors import HostError
from sandbox.hosts.host import Host
from sandbox.hosts.profiles import registry_storage
from sandbox.hosts.waiting import wait_until

PORT = 5000
ADDRESS = f"127.0.0.1:{PORT}"
"""Daemons take registries on 127.0.0.0/8 without TLS and without configuration."""

_CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {storage}}}
  maintenance: {{readonly: {{enabled: true}}}}
http: {{addr: {address}}}
"""


def start(host: Host) -> None:
    """Serve the shared storage inside the host, unless it is served already."""
    storage = registry_storage()
    storage.mkdir(parents=True, exist_ok=True)
    config = host.directory / "etc/registry.yml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(_CONFIG.format(storage=storage, address=ADDRESS))
    host.spawn("registry", ["docker-registry", "serve", str(config)])
    wait_until(lambda: host.listens(PORT) or not host.runs("registry"), f"{host.name}'s registry listens", 15)
    if not host.runs("registry"):
        raise HostError(f"{host.profile.name}/{host.name}: the registry ended at once: {host.last_log('registry')}")
