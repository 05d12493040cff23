"""Members that move between hosts: announced, and refused where nobody would keep the data.

A volume stays on its host. A member that starts elsewhere starts empty and copies the data of its peers, so one of them
must stay. Each member carries the hosts of all members in a label: whichever is changed first, old and new hosts of the
whole word are known before anything is touched, also where no preview comes before the update.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pulumi

from model import Members
from platforms.members import other_count
from platforms.swarm.names import Names, label_of

HOSTS_LABEL = "ha-platform.hosts"
"""On each member: the hosts of all members of its word, by their numbers."""

_PIN = "node.hostname=="


class DataLost(Exception):
    """A change would leave no member with its data. The text is for people."""


def pin(host: str) -> str:
    """The placement constraint that holds a member where its volume is."""
    return f"{_PIN}{host}"


def watch(word: Members, names: Names) -> pulumi.ResourceHook:
    """The hook of each member of `word`: it warns of moves, and fails a preview or an update that would lose data."""

    def look(args: pulumi.ResourceHookArgs) -> None:
        ordinal = int(args.name.rpartition("-")[2])
        for text in announcements(word, names, ordinal, args.old_inputs or {}, args.new_inputs or {}):
            pulumi.log.warn(text)

    return pulumi.ResourceHook(f"moves-{word.name}", look, pulumi.ResourceHookOptions(on_dry_run=True))


def announcements(
    word: Members, names: Names, ordinal: int, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[str]:
    """What the update of one member's service moves. Raises DataLost where no member of the word stays in its place,
    unless the word abandons the data on all the hosts that are left."""
    before, after = _hosts(old), _hosts(new)
    if not before and (here := _pinned(old)) != (there := _pinned(new)):
        raise DataLost(
            f"{word.origin}: {word.name}-{ordinal} would move from {here} to {there}, and where its peers are was not "
            "recorded when it was deployed. Set `hosts` (in monitoring `host`) to where the members are, run `up`, "
            "and then move one."
        )
    if not before or before == after:
        return
    if word.volume.disposable:
        yield from _disposable(word, names, ordinal, before, after)
        return
    if not word.peers:
        yield from _alone(word, names, ordinal, before, after)
        return
    if reason := other_count(word, len(before)):
        raise DataLost(reason)
    left = {number: host for number, host in enumerate(before) if after[number : number + 1] != (host,)}
    if len(left) == len(before):
        if not set(left.values()) <= set(word.abandon_data_on):
            raise DataLost(_refusal(word, before, after))
        yield (
            f"{word.origin}: no member of {word.name} stays where its data is: the data on "
            f"{', '.join(left.values())} is ABANDONED, as `abandon_data_on` says. The volumes stay there."
        )
    if ordinal in left:
        start = "starts there on an empty volume" if len(left) == len(before) else "copies its peers' data there"
        yield (
            f"{word.origin}: {word.name}-{ordinal} moves from {before[ordinal]} to {after[ordinal]}. It {start}; "
            f"{_volume_stays(names.member(word.name, ordinal), before[ordinal])}"
        )


def _disposable(
    word: Members, names: Names, ordinal: int, before: Sequence[str], after: Sequence[str]
) -> Iterator[str]:
    if ordinal < len(before) and before[ordinal] != after[ordinal]:
        yield (
            f"{word.origin}: {word.name}-{ordinal} moves from {before[ordinal]} to {after[ordinal]} and begins anew; "
            f"{_volume_stays(names.member(word.name, ordinal), before[ordinal])}"
        )


def _alone(word: Members, names: Names, ordinal: int, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """The same for members that have no data of each other. Those that go have no update: the first one speaks."""
    left = {number: host for number, host in enumerate(before[: len(after)]) if after[number] != host}
    if lost := {number: host for number, host in left.items() if host not in word.abandon_data_on}:
        moves = ", ".join(f"{word.name}-{number} from {host} to {after[number]}" for number, host in lost.items())
        raise DataLost(
            f"{word.origin}: a replica would leave its data ({moves}); a volume does not follow, and no other replica "
            f"has a copy. Change `hosts` back. If the data may be lost, set `abandon_data_on: "
            f"[{', '.join(dict.fromkeys(lost.values()))}]` beside it."
        )
    if ordinal in left:
        yield (
            f"{word.origin}: {word.name}-{ordinal} moves from {left[ordinal]} to {after[ordinal]}, where it starts on "
            f"an empty volume: its data is ABANDONED, as `abandon_data_on` says; "
            f"{_volume_stays(names.member(word.name, ordinal), left[ordinal])}"
        )
    for number in range(len(after), len(before)) if ordinal == 0 else ():
        yield (
            f"{word.origin}: {word.name}-{number} goes; "
            f"{_volume_stays(names.member(word.name, number), before[number])}"
        )


def _refusal(word: Members, before: Sequence[str], after: Sequence[str]) -> str:
    moves = ", ".join(
        f"{word.name}-{number} from {host} to {after[number]}" if number < len(after) else f"{word.name}-{number} goes"
        for number, host in enumerate(before)
    )
    advice = "leave it there" if len(before) == 1 else "move one, wait until `up` has ended, then the next"
    return (
        f"{word.origin}: no member would stay where its data is ({moves}); a volume does not follow. Change `hosts` "
        f"(in monitoring `host`) back: {advice}. If the data may be lost, set "
        f"`abandon_data_on: [{', '.join(before)}]` beside it."
    )


def _volume_stays(volume: str, host: str) -> str:
    return f"its volume stays behind on {host}. Once all is healthy, remove it there: `docker volume rm {volume}`."


def _hosts(inputs: Mapping[str, Any]) -> tuple[str, ...]:
    text = label_of(inputs, HOSTS_LABEL)
    return () if text is None else tuple(text.split(","))


def _pinned(inputs: Mapping[str, Any]) -> str:
    constraints = ((inputs.get("taskSpec") or {}).get("placement") or {}).get("constraints") or ()
    return next((text.removeprefix(_PIN) for text in constraints if text.startswith(_PIN)), "")
