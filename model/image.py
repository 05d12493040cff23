"""Which image runs, and what the platforms must know of it."""

from dataclasses import dataclass
from enum import StrEnum


class HttpTool(StrEnum):
    """The program inside an image that can make an HTTP GET, for health checks that run inside the container."""

    CURL = "curl"
    WGET = "wget"
    PYTHON = "python"


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image reference with the identity its process runs as.

    `ref` is `registry/repository:tag[@sha256:...]`. `uid` and `gid` own the data directories in the image: mounted
    secrets are readable by them alone, and the process starts as them.
    """

    ref: str
    uid: int
    gid: int
    http_tool: HttpTool = HttpTool.CURL
