"""A site that is one small server: it writes, counts and forgets as it is told."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import JSONResponse

from drills.deployment import Deployment
from drills.engine import SandboxEngine
from drills.site import Member, Site
from drills.stack import live_stack
from tests.app.serving import serve

PLATFORM = {"kind": "swarm", "nodes": ["host1", "host2", "host3"], "entry": "dns", "encrypt_overlays": False}


class Server:
    """The entry. While it is `down`, writes and visits are refused; safe requests are, while it is `unsafe`."""

    def __init__(self) -> None:
        self.app = FastAPI()
        self.stored: dict[str, set[int]] = {}
        self.count = 0
        self.down = self.unsafe = False
        self.unsafe_answers = 0
        self._routes()

    def holds(self, writes: int, visits: int) -> bool:
        """Whether each writer has so many writes, and the session so many visits."""
        return self.fewest >= writes and self.count >= visits

    @property
    def fewest(self) -> int:
        """Writes of the writer that has fewest."""
        return min(map(len, self.stored.values()), default=0)

    def forget(self, last: int) -> None:
        """Lose the last acknowledged writes and visits."""
        for sequences in self.stored.values():
            for _ in range(last):
                sequences.remove(max(sequences))
        self.count -= last

    def _routes(self) -> None:
        app = self.app

        @app.get("/ready")
        def ready() -> JSONResponse:
            return JSONResponse({}, status_code=503 if self.down else 200)

        @app.get("/work")
        async def work(ms: int) -> JSONResponse:
            await asyncio.sleep(ms / 1000)
            self.unsafe_answers += self.unsafe
            return JSONResponse({}, status_code=503 if self.unsafe else 200)

        @app.post("/writes")
        @app.post("/messages")
        async def write(body: dict[str, str | int]) -> JSONResponse:
            if not self.down:
                self.stored.setdefault(str(body["writer"]), set()).add(int(body["sequence"]))
            return JSONResponse({}, status_code=503 if self.down else 200)

        @app.get("/writes/missing")
        @app.get("/messages/missing")
        async def missing(writer: str, upto: int) -> dict[str, object]:
            return {"missing": [n for n in range(1, upto + 1) if n not in self.stored.get(writer, set())]}

        @app.get("/session")
        async def session() -> JSONResponse:
            self.count += not self.down
            return JSONResponse({"count": self.count}, status_code=503 if self.down else 200)


class FakeSite(Site):
    """Containers are names; what ends comes back under another one."""

    platform = "swarm"
    profile = "none"

    def __init__(self, directory: Path, server: Server, url: str) -> None:
        settings = live_stack(PLATFORM, alerts_host="alerts")
        settings["caches"]["sessions"]["endpoint"] = True
        self.deployment = Deployment("live", settings, [SandboxEngine("live", directory, {})], directory)
        self.entries = (url,)
        self.server = server
        self.containers = {"one": "web"}

    @property
    def address(self) -> str:
        return "127.0.0.1"

    def replicas(self, workload: str) -> list[str]:
        return [one for one, name in self.containers.items() if name == workload]

    def members(self, word: str) -> dict[str, Member]:
        return {name: Member(one, ready=True) for one, name in self.containers.items() if name.startswith(word)}

    def running(self) -> dict[str, str]:
        return dict(self.containers)

    def containers_of(self, replica: str) -> set[str]:
        return {replica}

    def host_of(self, replica: str) -> int:
        return list(self.containers).index(replica)

    def entry_beside(self, host: int) -> str:  # noqa: ARG002
        return self.entries[0]

    def kill(self, replica: str) -> None:
        self.containers[f"{replica} again"] = self.containers.pop(replica)

    def kill_all(self) -> None:
        for replica in [*self.containers]:
            self.kill(replica)

    def stop(self, replica: str) -> None:
        self.kill(replica)

    def ready_hosts(self) -> set[int]:
        return {0, 1, 2}

    def cut(self, host: int) -> None:  # noqa: ARG002
        self.server.down = True

    def join(self, host: int) -> None:  # noqa: ARG002
        self.server.down = False

    def scale(self, workload: str, replicas: int) -> None:
        raise NotImplementedError

    def member(self, word: str, ordinal: int) -> str:
        return self.replicas(f"{word}-{ordinal}")[0]

    def lose_volume(self, word: str, ordinal: int) -> None:
        self.kill(self.member(word, ordinal))

    def hold_down(self, word: str, held: int) -> None:
        raise NotImplementedError

    def image_of(self, workload: str) -> set[str]:  # noqa: ARG002
        return {"image"}

    def run_in(self, replica: str, command: list[str]) -> str:
        raise NotImplementedError

    def beside(self, replica: str) -> list[str]:  # noqa: ARG002
        return ["env"]

    def plain_texts(self) -> dict[str, str]:
        return {}

    @staticmethod
    def is_up() -> bool:
        return True

    @staticmethod
    def clear() -> None:
        return

    def keep_logs(self, directory: Path) -> None:  # noqa: ARG002
        return


@contextmanager
def fake_site(directory: Path) -> Iterator[FakeSite]:
    """The site with its server, on loopback."""
    server = Server()
    with serve(server.app) as url:
        yield FakeSite(directory, server, url)
