"""What PgBouncer says of itself, as Prometheus reads it: `pooler_metrics TOLD PASSWORD ADDRESS PORT`.

For each request it asks every replica of the pooler, by its console. A replica that does not answer says so by its
absence: `ha_pooler_replicas` counts those that did. Runs in the servers' image: Python's standard library and `psql`.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .poolers import Poolers

SECONDS = 4
"""For one replica: less than a scrape may take."""
OWN = "pgbouncer"
"""The console is a database, too."""
ASKED = ("SHOW STATE", "SHOW DATABASES", "SHOW POOLS", "SHOW STATS", "SHOW LISTS", "SHOW CONFIG")
PER_POOL = {
    "cl_active": "clients_active",
    "cl_waiting": "clients_waiting",
    "sv_active": "servers_active",
    "sv_idle": "servers_idle",
    "sv_login": "servers_connecting",
}
"""Column of `SHOW POOLS` -> figure."""
TOTALS = {
    "total_xact_count": "transactions_total",
    "total_query_count": "queries_total",
    "total_wait_time": "wait_microseconds_total",
}
"""Column of `SHOW STATS` -> figure."""

Row = Mapping[str, str]


def tables(text: str) -> list[list[Row]]:
    """What psql wrote, with names, for several statements: a table begins with its names and ends with a count."""
    found: list[list[Row]] = []
    names: list[str] = []
    for line in text.splitlines():
        cells = line.split("\t")
        if not names:
            names = cells
            found.append([])
        elif line.startswith("(") and line.endswith((" row)", " rows)")):
            names = []
        else:
            found[-1].append(dict(zip(names, cells, strict=True)))
    return found


def figures(replica: str, text: str) -> Iterator[tuple[str, str]]:
    """Series and value, of one replica."""
    state, databases, pools, stats, lists, config = tables(text)
    one = f'replica="{replica}"'
    settings = {row["key"]: row["value"] for row in config}
    yield f"ha_pooler_paused{{{one}}}", str(int({row["key"]: row["value"] for row in state}["paused"] == "yes"))
    clients = {row["list"]: row["items"] for row in lists}["used_clients"]
    yield f"ha_pooler_clients{{{one}}}", clients
    yield f"ha_pooler_clients_most{{{one}}}", settings["max_client_conn"]
    for row in databases:
        if row["name"] != OWN:
            each = f'{one},database="{row["name"]}"'
            yield f"ha_pooler_servers{{{each}}}", row["current_connections"]
            yield f"ha_pooler_servers_most{{{each}}}", row["max_connections"]
    for row in pools:
        if row["database"] != OWN:
            each = f'{one},database="{row["database"]}",user="{row["user"]}"'
            for column, name in PER_POOL.items():
                yield f"ha_pooler_{name}{{{each}}}", row[column]
            waited = int(row["maxwait"]) + int(row["maxwait_us"]) / 1e6
            yield f"ha_pooler_longest_wait_seconds{{{each}}}", f"{waited:g}"
    for row in stats:
        if row["database"] != OWN:
            for column, name in TOTALS.items():
                yield f'ha_pooler_{name}{{{one},database="{row["database"]}"}}', row[column]


def page(said: Mapping[str, str]) -> str:
    """Of every replica that answered: address -> what it said."""
    lines = [f"ha_pooler_replicas {len(said)}"]
    lines += [f"{series} {value}" for replica, text in sorted(said.items()) for series, value in figures(replica, text)]
    return "".join(f"{line}\n" for line in lines)


def serve(poolers: Poolers, address: str, port: int) -> None:
    """Until it is stopped."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path not in ("/", "/metrics"):
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            scraped = self.path == "/metrics"
            text = page(poolers.each(poolers.addresses(), ASKED, SECONDS)) if scraped else "\n"
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """A scrape is no news."""

    ThreadingHTTPServer((address, port), Handler).serve_forever()


def main(told: str, password: str, address: str, port: str) -> None:
    given = json.loads(Path(told).read_text())
    serve(Poolers(**given, password=Path(password).read_text()), address, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
