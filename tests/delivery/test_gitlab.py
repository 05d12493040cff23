"""One note and one issue on GitLab, against a server that keeps them."""

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from report.gitlab import main
from report.markdown import MARK


class Forge:
    """Notes of merge request 7 and issues of project 5."""

    def __init__(self) -> None:
        self.notes: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.tokens: set[str | None] = set()


@pytest.fixture
def forge() -> Iterator[tuple[Forge, dict[str, str]]]:
    """With the variables that its runner sets."""
    found = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            found.tokens.add(self.headers["PRIVATE-TOKEN"])
            path, _, query = self.path.partition("?")
            size = int(self.headers["Content-Length"] or 0)
            body = json.loads(self.rfile.read(size)) if size else {}
            where = re.fullmatch(r"/api/v4/projects/5/(merge_requests/7/notes|issues)(?:/(\d+))?", path)
            assert where is not None, path
            kept, key = (found.notes, "id") if "notes" in where[1] else (found.issues, "iid")
            if self.command == "GET":
                page, each = (int(re.search(rf"\b{name}=(\d+)", query)[1]) for name in ("page", "per_page"))  # type: ignore[index]
                state = "opened" if "state=opened" in query else None
                told: Any = [one for one in kept if state in (None, one.get("state"))][(page - 1) * each : page * each]
            elif self.command == "POST":
                told = {key: len(kept) + 1, "state": "opened", **body}
                kept.append(told)
            else:
                told = kept[int(where[2]) - 1]
                told.update(body)
                if body.get("state_event") == "close":
                    told["state"] = "closed"
            text = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    port = server.server_address[1]
    yield (
        found,
        {"CI_API_V4_URL": f"http://127.0.0.1:{port}/api/v4", "CI_PROJECT_ID": "5", "GITLAB_TOKEN": "token"},
    )
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_note_from_before_is_written_over(forge: tuple[Forge, dict[str, str]], tmp_path: Path) -> None:
    found, variables = forge
    found.notes += [{"id": index + 1, "body": "others say something"} for index in range(150)]
    file = tmp_path / "report.md"
    for text in ("first", "second"):
        file.write_text(f"{MARK}\n\n{text}")
        assert main(["note", "7", str(file)], variables) == 0
    assert [one["body"] for one in found.notes[150:]] == [f"{MARK}\n\nsecond"], "of two pages of notes"
    assert found.tokens == {"token"}


def test_one_issue_of_a_topic_is_open(forge: tuple[Forge, dict[str, str]], tmp_path: Path) -> None:
    found, variables = forge
    file = tmp_path / "drift.md"
    assert main(["issue", "drift:prod"], variables) == 0
    assert found.issues == []
    for text in ("first", "second"):
        file.write_text(text)
        assert main(["issue", "drift:prod", "Drift in stack prod", str(file)], variables) == 0
    (issue,) = found.issues
    assert issue["description"] == "<!-- ha-platform drift:prod -->\n\nsecond"
    assert main(["issue", "drift:dev"], variables) == 0
    assert issue["state"] == "opened", "another topic's"
    assert main(["issue", "drift:prod"], variables) == 0
    assert issue["state"] == "closed"


def test_what_is_missing_or_refused_is_one_sentence(
    forge: tuple[Forge, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, variables = forge
    assert main(["issue", "x"], {**variables, "GITLAB_TOKEN": ""}) == 1
    assert capsys.readouterr().err == "gitlab: GITLAB_TOKEN is not set\n"
    assert main(["issue", "x"], {**variables, "CI_API_V4_URL": "http://127.0.0.1:1/api/v4"}) == 1
    assert capsys.readouterr().err.startswith("gitlab: no answer: ")
