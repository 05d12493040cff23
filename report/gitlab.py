"""What the delivery scripts write on GitLab: one note of a merge request, one issue of a topic. GITLAB_TOKEN is a
project access token with the scope `api`; its runner sets the rest.

python -m report.gitlab note NUMBER FILE
python -m report.gitlab issue TOPIC [TITLE FILE]
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

_EACH_PAGE = 100
_SECONDS = 30


class Project:
    """The project that the job is of."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._base = f"{environment['CI_API_V4_URL']}/projects/{environment['CI_PROJECT_ID']}"
        self._token = environment["GITLAB_TOKEN"]

    def note(self, number: str, text: str) -> None:
        """The merge request's note that begins with the text's first line is written over, or made."""
        notes = f"merge_requests/{number}/notes"
        mark = text.partition("\n")[0]
        known = next((one["id"] for one in self._each(notes) if one["body"].startswith(mark)), None)
        if known is None:
            self._ask("POST", notes, {"body": text})
        else:
            self._ask("PUT", f"{notes}/{known}", {"body": text})

    def issue(self, topic: str, title: str = "", text: str = "") -> None:
        """The open issue of the topic is written over, or made; without a title it is closed."""
        mark = f"<!-- ha-platform {topic} -->"
        found = (
            one["iid"] for one in self._each("issues", state="opened") if (one["description"] or "").startswith(mark)
        )
        known = next(found, None)
        if not title:
            if known is not None:
                self._ask("PUT", f"issues/{known}", {"state_event": "close"})
            return
        said = {"description": f"{mark}\n\n{text}"}
        if known is None:
            self._ask("POST", "issues", {"title": title, **said})
        else:
            self._ask("PUT", f"issues/{known}", said)

    def _each(self, path: str, **query: str) -> Iterator[dict[str, Any]]:
        page = 1
        while True:
            asked = urlencode({**query, "per_page": _EACH_PAGE, "page": page})
            found = self._ask("GET", f"{path}?{asked}")
            yield from found
            if len(found) < _EACH_PAGE:
                return
            page += 1

    def _ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
        request = Request(
            f"{self._base}/{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"PRIVATE-TOKEN": self._token, "Content-Type": "application/json"},
        )
        with urlopen(request, timeout=_SECONDS) as answer:
            return json.loads(answer.read() or b"null")


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """0; 1 with one sentence where GitLab refuses."""
    missing = [name for name in ("CI_API_V4_URL", "CI_PROJECT_ID", "GITLAB_TOKEN") if not environment.get(name)]
    if missing:
        print(f"gitlab: {missing[0]} is not set", file=sys.stderr)
        return 1
    project = Project(environment)
    try:
        match arguments:
            case ["note", number, file]:
                project.note(number, Path(file).read_text())
            case ["issue", topic]:
                project.issue(topic)
            case ["issue", topic, title, file]:
                project.issue(topic, title, Path(file).read_text())
            case _:
                print(__doc__, file=sys.stderr)
                return 2
    except HTTPError as error:
        print(f"gitlab: {error.code} {error.reason}", file=sys.stderr)
        return 1
    except URLError as error:
        print(f"gitlab: no answer: {error.reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
