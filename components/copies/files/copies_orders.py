"""What a person orders of a copier: `copies_orders DIRECTORY` and `look`, `list`, `take` or `restore TO OVERWRITE`."""

import base64
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

REACH_SECONDS = 60
"""A new container has no way to others yet, where a policy opens it."""
POLL_SECONDS = 1.0
Json = dict[str, Any]


class Refused(Exception):
    """It was not done: one sentence for a person."""


class Copier:
    """The agent at `address`."""

    def __init__(self, address: str, word: str) -> None:
        self._address = address
        self._login = "Basic " + base64.b64encode(f"copies:{word}".encode()).decode()

    def ask(self, path: str, body: Json | None = None) -> Json:
        """Raises OSError where nobody answers, Refused where it does not do it."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://{self._address}{path}", data=data, headers={"Authorization": self._login}
        )
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
                found: Json = json.loads(answer.read())
                return found
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode(errors="replace")) from None

    def reach(self) -> Json:
        """How copies are. Raises Refused where nobody answers for a while."""
        end = time.monotonic() + REACH_SECONDS
        while True:
            try:
                return self.ask("/copies")
            except OSError as error:
                if time.monotonic() > end:
                    raise Refused(f"the copier at {self._address} does not answer: {error}") from None
                time.sleep(POLL_SECONDS)

    def carry_out(self, order: Json) -> str:
        """Returns when it is done. Raises Refused."""
        began = self.reach()["began"]
        number, said = self.ask("/order", order)["number"], ""
        while True:
            time.sleep(POLL_SECONDS)
            told = self.reach()
            outcome = told["outcome"]
            if told["began"] != began:
                raise Refused("the copier started again meanwhile, and forgot the order: look at `make backups`")
            if outcome.get("number") == number and outcome.get("ended"):
                if outcome["done"]:
                    return str(outcome["said"])
                raise Refused(outcome["said"])
            if told["running"] != said:
                said = told["running"]
                if said:
                    print(said, flush=True)


def main(directory: str, verb: str, *words: str) -> int:
    """The last line says what was done, or why not."""
    place = Path(directory)
    told = json.loads((place / "orders.json").read_text())
    copier = Copier(told["copier"], (place / "password").read_text().strip())
    try:
        match verb:
            case "look":
                found = copier.reach()
                print(found["fault"] or f"{len(found['copies'])} copies in {found['repository']}")
            case "list":
                print(json.dumps(copier.reach()))
            case "take":
                print(copier.carry_out({"order": "take"}))
            case _:
                to, overwrite = words
                print(copier.carry_out({"order": "restore", "to": to, "overwrite": overwrite == "overwrite"}))
    except Refused as refused:
        print(refused)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
