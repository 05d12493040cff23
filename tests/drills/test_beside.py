"""What a client on the other side remembers, and what of it is gone afterwards."""

import pytest

from drills.beside import VISITS, WRITES, Beside
from drills.waiting import wait_for
from tests.app.serving import serve
from tests.drills.fake_site import Server


@pytest.mark.parametrize("path", [WRITES, VISITS])
@pytest.mark.parametrize("forgotten", [0, 2])
def test_what_was_acknowledged_and_is_gone_is_counted(path: str, forgotten: int) -> None:
    server = Server()
    with serve(server.app) as url:
        client = Beside(["env"], path, url)
        wait_for("it is served", lambda: client.acknowledged() > 3, seconds=120)
        client.stop()
        told = client.acknowledged()
        if path == VISITS:
            server.count = told - forgotten
        else:
            (writer,) = server.stored
            server.stored[writer] = set(range(1, told - forgotten + 1))
        assert client.lost(url) == forgotten
        assert client.acknowledged() == told


def test_who_was_told_nothing_has_lost_nothing() -> None:
    server = Server()
    server.down = True
    with serve(server.app) as url:
        client = Beside(["env"], WRITES, url)
        client.stop()
        assert client.lost(url) == 0
