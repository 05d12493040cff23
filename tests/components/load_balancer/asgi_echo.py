"""An ASGI application that answers with what its server makes of a request: `uvicorn tests....asgi_echo:app`."""

import json
from typing import Any


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The client, the scheme and the headers, as JSON."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
        return
    headers = [[key.decode("latin-1"), value.decode("latin-1")] for key, value in scope["headers"]]
    seen = {"client": scope["client"][0], "scheme": scope["scheme"], "headers": headers}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(seen).encode()})
