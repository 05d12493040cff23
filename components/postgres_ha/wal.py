"""How much of a volume the log may take, and how many connections and slots the replicas need."""

from collections.abc import Iterator, Mapping

from model.units import MIB

_MOST_WAL_MIB, _MOST_KEPT_MIB = 1024, 256
"""PostgreSQL's own default of `max_wal_size`; and what a replica without a slot may be behind."""
MARGIN = 1
"""For a person's own copy or slot."""


def sizes(volume: int) -> dict[str, str]:
    """Of a volume of so many bytes: an eighth until a checkpoint, a sixteenth for replicas without a slot, and a
    quarter for slots, so that the log of a replica that is away never fills the primary's disk. A checkpoint removes
    what is above: the log takes three eighths at most, and what is written while one runs."""
    mib = volume // MIB
    return {
        "max_wal_size": f"{min(_MOST_WAL_MIB, mib // 8)}MB",
        "wal_keep_size": f"{min(_MOST_KEPT_MIB, mib // 16)}MB",
        "max_slot_wal_keep_size": f"{mib // 4}MB",
    }


def needed(members: int) -> int:
    """Connections (`max_wal_senders`) and slots: a replica has one, and one more while it copies the data."""
    return 2 * (members - 1) + MARGIN


def faults(values: Mapping[str, int | str], *, volume: int, members: int) -> Iterator[tuple[str, str, str]]:
    """Parameter, rule and fix: `values` are the stack file's, as the server shows them (sizes in MiB)."""
    for name in ("max_wal_senders", "max_replication_slots"):
        if int(values.get(name, needed(members))) < needed(members):
            rule = f"is below the {needed(members)} that {members} members need: two for each replica, and {MARGIN}"
            yield name, rule, f"Write {needed(members)} or more."
    if values.get("max_slot_wal_keep_size") == -1:
        rule = "lets the log of a replica that is away fill the primary's disk"
        yield "max_slot_wal_keep_size", rule, "Write a size, or leave it out for a quarter of `volume`."
        return
    most, mib = volume // MIB * 3 // 4, volume // MIB
    all_of = {name: int(values.get(name, text.removesuffix("MB"))) for name, text in sizes(volume).items()}
    kept = max(("wal_keep_size", "max_slot_wal_keep_size"), key=lambda name: all_of[name])
    taken = all_of["max_wal_size"] + all_of[kept]
    own = [name for name in (kept, "max_wal_size") if name in values]
    if taken > most and own:
        largest = max(own, key=lambda name: all_of[name])
        yield (
            largest,
            f"lets the log take {taken}Mi of the volume's {mib}Mi (`max_wal_size` and `{kept}`), and three quarters is "
            "the most",
            f"Lower it, or set `volume: {-(-taken * 4 // 3 // 1024)}Gi` or more.",
        )
