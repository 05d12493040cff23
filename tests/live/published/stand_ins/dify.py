"""What stands in for Dify's images. It reads the variables that they read, and does with them what they do.

    python3 dify.py <the example's own command>

Which part of Dify it is follows from that command and MODE, as in Dify's images; without a command it is the console.
"""

import asyncio
import hashlib
import json
import os
import secrets
import signal
import socket
import socketserver
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg
import redis
from redis.sentinel import Sentinel

ENV = os.environ
NAME, STARTED = socket.gethostname(), time.time()
SECONDS = 5
Route = Callable[[str, Message], object]
"""Body and headers -> what is answered as JSON; a PermissionError becomes 401."""


def main(command: list[str]) -> None:
    """Become the part that the command starts."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the first process of a container has no default
    match command:
        case []:
            serve(ENV["HOSTNAME"], 3000, {"/": lambda *_: {"console": NAME, "api": ENV["CONSOLE_API_URL"]}})
        case ["/bin/bash", "/entrypoint.sh"] if ENV["MODE"] == "api":
            serve("", 5001, API)
        case ["/bin/bash", "/entrypoint.sh"]:  # checks look for the name of the program
            os.execv(sys.executable, [sys.executable, __file__, "celery", ENV["MODE"]])
        case ["celery", "worker"]:
            work()
        case ["celery", "beat"]:
            beat()
        case ["sh", "-c", text] if " inspect ping " in text:
            ping()
        case ["flask", "upgrade-db"]:
            migrate()
        case ["/bin/bash", "-c", "/app/entrypoint.sh"]:
            threading.Thread(target=debug, daemon=True).start()
            serve("", int(ENV["SERVER_PORT"]), PLUGIN_DAEMON)
        case _:
            sys.exit(f"nothing stands in for {command}")


def serve(address: str, port: int, routes: Mapping[str, Route]) -> None:
    """HTTP/1.1; the longest path of `routes` that the request begins with answers it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            path = max((path for path in routes if self.path.startswith(path)), key=len, default=None)
            status, answer = answered(routes[path], body, self.headers) if path else (404, self.path)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Checks come every few seconds."""

    ThreadingHTTPServer((address, port), Handler).serve_forever()


def answered(route: Route, body: str, headers: Message) -> tuple[int, object]:
    try:
        return 200, route(body, headers)
    except PermissionError as error:
        return 401, str(error)
    except Exception as error:
        return 500, f"{type(error).__name__}: {error}"


def sql(statement: str, *values: object, prefix: str = "DB", user: str = "USERNAME") -> list[dict[str, Any]]:
    """The rows of a statement, on the database that the variables with this prefix name."""

    async def rows() -> list[dict[str, Any]]:
        connection = await asyncpg.connect(
            host=ENV[f"{prefix}_HOST"],
            port=int(ENV[f"{prefix}_PORT"]),
            database=ENV[f"{prefix}_DATABASE"],
            user=ENV[f"{prefix}_{user}"],
            password=ENV[f"{prefix}_PASSWORD"],
            timeout=SECONDS,
        )
        try:
            return [dict(row) for row in await connection.fetch(statement, *values)]
        finally:
            await connection.close()

    return asyncio.run(rows())


def vectors(statement: str, *values: object) -> list[dict[str, Any]]:
    return sql(statement, *values, prefix="PGVECTOR", user="USER")


def cache() -> Any:
    return redis.Redis(
        host=ENV["REDIS_HOST"], port=int(ENV["REDIS_PORT"]), password=ENV["REDIS_PASSWORD"], decode_responses=True
    )


def broker() -> Any:
    """As Celery finds it: each Sentinel of the URL is asked for the master of that name."""
    urls = [urlsplit(url) for url in ENV["CELERY_BROKER_URL"].split(";")]
    assert {url.scheme for url in urls} == {"sentinel"}
    asked = {
        "password": ENV["CELERY_SENTINEL_PASSWORD"],
        "socket_timeout": float(ENV["CELERY_SENTINEL_SOCKET_TIMEOUT"]),
    }
    sentinels = [(url.hostname, url.port) for url in urls]
    sentinel: Any = Sentinel(sentinels, sentinel_kwargs=asked)  # type: ignore[no-untyped-call]
    password, database = unquote(urls[0].password or ""), int(urls[0].path[1:])
    return sentinel.master_for(
        ENV["CELERY_SENTINEL_MASTER_NAME"], password=password, db=database, decode_responses=True
    )


def get(url: str, body: str = "", **headers: str) -> Any:
    """What another service answers."""
    request = urllib.request.Request(url, body.encode() or None, headers)
    with urllib.request.urlopen(request, timeout=SECONDS) as response:
        return json.load(response)


def allowed(headers: Message, name: str, key: str) -> None:
    if not secrets.compare_digest(headers.get(name, ""), key):
        raise PermissionError(f"{name} is not the key")


# --- api


def run_workflow(body: str, _: Message) -> object:
    """A row in the database, a task through the broker, the worker's answer through the cache."""
    id = secrets.token_hex(8)
    sql("INSERT INTO messages (id, question) VALUES ($1, $2)", id, body)
    broker().lpush("celery", json.dumps({"answer": id}))
    answered_by = cache().brpop(f"answer:{id}", timeout=4 * SECONDS)
    (row,) = sql("SELECT answer, current_database() AS database, current_user AS user FROM messages WHERE id = $1", id)
    (near,) = vectors("SELECT id FROM embeddings ORDER BY at <-> $1::text::vector LIMIT 1", embedding(id))
    return {**row, "worker": answered_by and answered_by[1], "nearest": near["id"], "id": id}


def state(*_: object) -> object:
    key = hashlib.sha256(ENV["SECRET_KEY"].encode()).hexdigest()
    return {"api": NAME, "ticks": int(cache().get("ticks") or 0), "secret_key": key}


def plugin(body: str, _: Message) -> object:
    daemon = f"{ENV['PLUGIN_DAEMON_URL']}/plugin"
    return {"daemon": get(daemon, body, **{"X-Api-Key": ENV["PLUGIN_DAEMON_KEY"]}), "refused": refused(daemon)}


def refused(url: str) -> int:
    """The status of a request without the key."""
    try:
        get(url)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def fetch(body: str, _: Message) -> int:
    """The status of a page that a workflow asks for, which goes through the proxy."""
    through = urllib.request.ProxyHandler({"http": ENV["SSRF_PROXY_HTTP_URL"], "https": ENV["SSRF_PROXY_HTTPS_URL"]})
    try:
        with urllib.request.build_opener(through).open(body, timeout=SECONDS) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def inner(_: str, headers: Message) -> object:
    allowed(headers, "X-Inner-Api-Key", ENV["INNER_API_KEY_FOR_PLUGIN"])
    return NAME


API: Mapping[str, Route] = {
    "/health": lambda *_: "ok",
    "/console/api": state,
    "/console/api/plugin": plugin,
    "/v1/workflows/run": run_workflow,
    "/v1/fetch": fetch,
    "/inner/api": inner,
}


# --- worker, beat, migration


def work() -> None:
    queue, own = broker(), f"ping:{NAME}"
    while True:
        taken = queue.brpop(["celery", own], timeout=SECONDS)
        if taken is None:
            continue
        task = json.loads(taken[1])
        if "tick" in task:
            cache().incr("ticks")
        if "pong" in task:
            queue.lpush(task["pong"], NAME)
        if "answer" in task:
            answer(task["answer"])


def answer(id: str) -> None:
    sql("UPDATE messages SET answer = upper(question) WHERE id = $1", id)
    vectors("INSERT INTO embeddings (id, at) VALUES ($1, $2::text::vector)", id, embedding(id))
    cache().lpush(f"answer:{id}", NAME)


def embedding(id: str) -> str:
    return str([*bytes.fromhex(id)])


def beat() -> None:
    while True:
        broker().lpush("celery", json.dumps({"tick": time.time()}))
        time.sleep(1)


def ping() -> None:
    """Asks this container's worker alone, through the broker."""
    queue, answer = broker(), f"pong:{secrets.token_hex(8)}"
    queue.lpush(f"ping:{NAME}", json.dumps({"pong": answer}))
    sys.exit(0 if queue.brpop([answer], timeout=SECONDS) else "no answer")


def migrate() -> None:
    connects(ENV["DB_HOST"], int(ENV["DB_PORT"]))
    sql("CREATE TABLE IF NOT EXISTS messages (id text PRIMARY KEY, question text NOT NULL, answer text)")
    vectors("CREATE TABLE IF NOT EXISTS embeddings (id text PRIMARY KEY, at vector(8) NOT NULL)")


def connects(host: str, port: int) -> None:
    """Returns once it does: a cluster's network may refuse a new pod for its first seconds."""
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((host, port), SECONDS).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


# --- plugin daemon


def install(body: str, headers: Message) -> object:
    """Keeps a plugin on the volume, and says all that it holds; then asks the API back."""
    allowed(headers, "X-Api-Key", ENV["SERVER_KEY"])
    plugins = Path(ENV["PLUGIN_WORKING_PATH"])
    plugins.mkdir(exist_ok=True)
    if body:
        (plugins / body).write_text(NAME)
    (row,) = sql("SELECT current_database() AS database, current_user AS user")
    cache().set("plugin", body)
    api = get(f"{ENV['DIFY_INNER_API_URL']}/inner/api", **{"X-Inner-Api-Key": ENV["DIFY_INNER_API_KEY"]})
    kept = {path.name: path.read_text() for path in plugins.iterdir()}
    return {
        **row,
        "plugins": kept,
        "uid": os.getuid(),
        "cached": cache().get("plugin"),
        "api": api,
        "name": NAME,
        "started": STARTED,
    }


def debug() -> None:
    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().strip().decode()
            self.wfile.write(f"{NAME}: {line}\n".encode())

    address = ENV["PLUGIN_REMOTE_INSTALLING_HOST"], int(ENV["PLUGIN_REMOTE_INSTALLING_PORT"])
    socketserver.ThreadingTCPServer(address, Session).serve_forever()


PLUGIN_DAEMON: Mapping[str, Route] = {"/health/check": lambda *_: "ok", "/plugin": install, "/e": lambda *_: NAME}


if __name__ == "__main__":
    main(sys.argv[1:])
