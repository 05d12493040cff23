"""The primary's volume gets full: it cannot write its log, and another member that can must lead."""

import time
from collections.abc import Mapping
from typing import ClassVar

from drills import databases
from drills.errors import DrillError
from drills.faults.databases import OfDatabase
from drills.loads import written
from drills.stack import MIB
from drills.swarm_site import SwarmSite
from drills.waiting import wait_for

SMALL_BYTES = 700 * MIB
"""More than the member's data, with the log that it may keep."""
FILLER = "filler"
TURNS = 4
"""Until the member with the small volume leads: each makes the synchronous standby lead."""
FULL_SECONDS = 20
"""The volume stays full at least so long, after writes went on."""


class DiskFull(OfDatabase):
    """Patroni tries to start the server again until `primary_start` is over, and gives up the lock: nobody waits for a
    person."""

    name = "disk-full"
    does = f"the primary's volume gets full, until writes go on, and {FULL_SECONDS} s more"
    healed_by = "room is made"
    not_on: ClassVar[Mapping[str, str]] = {
        "kubernetes": "its volumes are directories of a node, and a StatefulSet does not stop one member alone"
    }
    seconds: ClassVar[float] = 420
    small = False
    """Whether the member has the small volume."""

    def aim(self) -> None:
        """The primary's volume becomes a small one, which it must let go for that, and it leads again."""
        assert isinstance(self.site, SwarmSite)
        self.ordinal = databases.of_role(self.site, "leader")
        self.site.make_small(databases.WORD, self.ordinal, SMALL_BYTES)
        self.small = True
        for _ in range(TURNS):
            wait_for("the database is whole", self.well, seconds=self.seconds)
            if databases.of_role(self.site, "leader") == self.ordinal:
                break
            next_one = databases.of_role(self.site, "sync_standby")
            run = self.site.deployment.command("switchover", "main", f"main-pg-{next_one}")
            if run.code != 0:
                raise DrillError(run.text)
        else:
            raise DrillError(f"main-pg-{self.ordinal} does not lead after {TURNS} switchovers")
        self.replica = self.site.member(databases.WORD, self.ordinal)

    def inject(self) -> None:
        volume = self.site.run_in(self.replica, ["sh", "-c", 'echo "$HA_VOLUME"']).strip()
        self._filler = f"{volume}/{FILLER}"
        self.site.run_in(self.replica, ["sh", "-c", f"dd if=/dev/zero of={self._filler} bs=1M 2>/dev/null"])
        # Segments that were made before are still there to be filled.
        self.site.run_in(
            self.replica,
            ["sh", "-c", "for _ in $(seq 40); do psql -XAtq -h /tmp -U postgres -d postgres "
             "-c \"SELECT pg_logical_emit_message(false, 'drill', repeat('x', 12000000))\" "
             "-c 'SELECT pg_switch_wal()' || break; done"],
        )  # fmt: skip
        wait_for("another member leads", self._another_leads, seconds=self.seconds)
        wait_for("writes go on", lambda: written(self.url), seconds=60)
        time.sleep(FULL_SECONDS)  # it is the fault

    def heal(self) -> None:
        assert isinstance(self.site, SwarmSite)
        self.site.free(databases.WORD, self.ordinal, FILLER)

    def clean(self) -> None:
        assert isinstance(self.site, SwarmSite)
        if self.small:
            self.site.make_large(databases.WORD, self.ordinal)

    def _another_leads(self) -> bool:
        return databases.of_role(self.site, "leader") != self.ordinal
