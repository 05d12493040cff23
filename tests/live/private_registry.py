"""A registry on a sandbox host that asks who pulls, with every sandbox image."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.hosts.host import Host
from sandbox.hosts.profiles import registry_storage
from sandbox.hosts.waiting import wait_until
from sandbox.images.build import reference

PORT = 5001
ADDRESS = f"127.0.0.1:{PORT}"
USER, PASSWORD = "robot", "only-for-this-test"
_HTPASSWD = "robot:$2b$05$9hRX/0SrkUSd10Z9QbJyCeSQmHZvda4069IOAXdhn9JhXbUBIAdTy\n"
"""The password's bcrypt hash: Debian's registry takes no other kind."""

_CONFIG = """\
version: 0.1
log: {{level: warn}}
storage:
  filesystem: {{rootdirectory: {storage}}}
  maintenance: {{readonly: {{enabled: true}}}}
http: {{addr: {address}}}
auth: {{htpasswd: {{realm: private, path: {passwords}}}}}
"""


@contextmanager
def private_registry(host: Host, directory: Path) -> Iterator[str]:
    """The reference of an image there, while the registry runs."""
    passwords, config = directory / "htpasswd", directory / "registry.yml"
    passwords.write_text(_HTPASSWD)
    config.write_text(_CONFIG.format(storage=registry_storage(), address=ADDRESS, passwords=passwords))
    command = ["nsenter", "-t", str(host.pid), "-n", "--", "docker-registry", "serve", str(config)]
    with (directory / "registry.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as registry:
        try:
            wait_until(lambda: host.listens(PORT) or registry.poll() is not None, "the private registry listens", 180)
            assert registry.poll() is None, (directory / "registry.log").read_text()
            yield f"{ADDRESS}/{reference('base').partition('/')[2]}"
        finally:
            registry.terminate()
