"""A path that would show another volume's data is refused, unless the stack file says so."""

import json
from dataclasses import replace

import pytest

from model import SharedMount, SharedVolume, SharedVolumeRef
from platforms.shared import KEY, OtherData, announcements, recorded
from platforms.swarm.names import Names
from platforms.swarm.shared import reference
from tests.platforms.words import SHARED, mounting

OLD = SharedVolumeRef(name="uploads", object_name="t-uploads", place="nfs :/a addr=a")
NEW = SharedVolumeRef(name="files", object_name="t-files", place="nfs :/b addr=a")
BEFORE = recorded(mounting(SharedMount(path="/srv//files/", source=OLD)).container)[KEY]


def said(before: str | None, *mounts: SharedMount) -> list[str]:
    return list(announcements(mounting(*mounts), before))


def test_what_stays_is_not_mentioned() -> None:
    assert json.loads(BEFORE) == {"/srv/files": ["uploads", "nfs :/a addr=a"]}
    assert said(BEFORE, SharedMount(path="/srv/files", source=OLD)) == []
    assert said(BEFORE, SharedMount(path="/srv/other", source=NEW)) == [], "a path that showed nothing before"
    assert said(None, SharedMount(path="/srv/files", source=NEW)) == [], "nothing was deployed"


def test_another_name_of_the_same_place_shows_the_same_data() -> None:
    assert said(BEFORE, SharedMount(path="/srv/files", source=replace(OLD, name="files"))) == []


def test_another_volume_is_refused_with_the_fix() -> None:
    with pytest.raises(OtherData) as refused:
        said(BEFORE, SharedMount(path="/srv/files", source=NEW))
    text = str(refused.value)
    assert text.startswith("stack.apps.app: /srv/files would show other data: it shows volume uploads (nfs :/a addr=a)")
    assert text.endswith("Change it back; if it is meant, write `instead_of: uploads` beside its name.")


def test_a_changed_place_of_the_same_volume_is_refused_with_the_fix() -> None:
    moved = replace(OLD, place="nfs :/b addr=a")
    for instead_of in (None, "files"):
        with pytest.raises(OtherData, match="give the new place a name of its own in `volumes`, and write `instead_of"):
            said(BEFORE, SharedMount(path="/srv/files", source=moved, instead_of=instead_of))


def test_what_is_meant_is_announced() -> None:
    (text,) = said(BEFORE, SharedMount(path="/srv/files", source=NEW, instead_of="uploads"))
    assert "shows volume files (nfs :/b addr=a) from now on" in text
    assert "what uploads holds stays in its place (nfs :/a addr=a)" in text


def test_the_place_of_a_file_server_is_not_how_it_is_mounted() -> None:
    def place(o: str, driver: str = "local") -> str:
        options = {"type": "nfs", "o": o, "device": ":/a"}
        word = SharedVolume(name="files", origin=SHARED, size_bytes=1, driver=driver, options=options)
        return reference(word, Names(stack="t")).place

    assert place("addr=a,rw") == place("addr=a,rw,nfsvers=4.1")
    assert place("addr=a,rw") != place("addr=b,rw")
    assert place("addr=a,rw", "other") != place("addr=a", "other"), "what a driver makes of its options is not known"
