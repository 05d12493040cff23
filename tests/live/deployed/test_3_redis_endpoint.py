"""Clients that do not speak Sentinel's protocol: a plain address that follows the master."""

import pytest

from drills.caches import master
from drills.swarm_site import SwarmSite
from drills.waiting import wait_for

pytestmark = [
    pytest.mark.live,
    pytest.mark.swarm,
    pytest.mark.timeout(300, func_only=True),
    pytest.mark.parametrize("site", ["swarm"], indirect=True),
]
_CLIENT = """\
import os, sys
import redis
url = open(os.environ["REDIS_URL_FILE"]).read().strip()
assert f"@{os.environ['REDIS_HOST']}:{os.environ['REDIS_PORT']}/" in url
try:
    client = redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3)
    if sys.argv[1] == "set":
        client.set("plain", "kept")
        client.wait(1, 3000)
    print(client.role()[0].decode(), client.get("plain").decode())
except (redis.RedisError, AttributeError) as error:
    print("no answer:", error)
"""


def test_it_leads_to_the_master_before_and_after_a_failover(site: SwarmSite) -> None:
    (client, *_) = site.replicas("web")

    def asked(what: str) -> str:
        return site.run_in(client, ["python3", "-c", _CLIENT, what]).strip()

    wait_for("the endpoint answers", lambda: asked("set") == "master kept", seconds=60)
    before = master(site)
    site.stop(site.member("sessions-redis", before))  # one that is killed may be back before anybody is elected
    wait_for("another one is master", lambda: master(site) != before, seconds=60)
    wait_for("the endpoint leads to it", lambda: asked("get") == "master kept", seconds=60)
