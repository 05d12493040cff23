"""What nginx renders with another meaning at its edges, by field."""

DIFFERENCES = {
    "routes[].balance": "`source`: when a replica comes or goes, most clients move",
    "routes[].retries": "each replica is asked once at most; a request that is neither of `methods` nor POST, PATCH or "
    "LOCK (PUT, DELETE) is never sent again, also when its connection did not open, and ends in 502",
    "routes[].rate_limit": "`requests` at once, then as many evenly over each `period`: at worst twice as many in one",
    "routes[].max_body": "over HTTP/2 a body of unannounced length is counted and ends in 413",
    "routes[].closed": "some spellings that cannot be read are answered with 400",
    "routes[].timeouts.connect": "a replica that cannot be reached ends in 502 or 504, not in 503",
    "routes[].timeouts.response": "a host that is lost while it works on a request is missed after this time alone",
    "routes[].timeouts.stream": "browsers open WebSockets over HTTP/1.1: nginx has none over HTTP/2",
    "routes[].headers.response": "nginx writes `Server: nginx` where an answer has none",
    "routes[].headers.request": "headers whose names have an underscore are dropped",
    "trusted_proxies": "any number of proxies; of those in between, addresses with a port or in brackets are left out. "
    "Other headers are known by their whole names (`nginx/forwarded.py`)",
    "max_connections": "of each worker (one for each CPU); more are closed",
    "status.port": "the page has connections alone; `/metrics`, too, and no alert for a route without a replica",
}
