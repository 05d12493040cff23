"""What an agent beside a store answers over the network. It also runs in images: the standard library of Python 3.9
alone."""

import base64
import hmac
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler

METRICS = "text/plain; version=0.0.4"


class Door(BaseHTTPRequestHandler):
    """Answers texts. A client that may order something says `user` and the password `word`."""

    user: str
    word: str

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a scrape is no event."""

    def body(self) -> bytes:
        """Of a request."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}"

    def may(self) -> bool:
        """Whether the client said the password; otherwise it is told."""
        wanted = "Basic " + base64.b64encode(f"{self.user}:{self.word}".encode()).decode()
        if hmac.compare_digest(self.headers.get("Authorization", "").encode(), wanted.encode()):
            return True
        self.answer(HTTPStatus.UNAUTHORIZED, "who are you?")
        return False

    def answer(self, status: HTTPStatus, text: str, kind: str = "application/json") -> None:
        """Send it."""
        content = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
