"""Layers: the base file system, and what each image adds to it, made in an overlay that only the builder sees."""

import os
import shlex
import shutil
import stat
from pathlib import Path

from sandbox.hosts import commands
from sandbox.images import archives
from sandbox.images.recipe import REPOSITORY, Recipe, copied_files

_SCRIPT = Path(__file__).with_name("layer.sh")
_NO_SERVICES = "#!/bin/sh\n# Packages start no service while an image is built.\nexit 101\n"


def make_base(image: Recipe, root: Path, sources_list: str) -> None:
    """The lowest layer's content."""
    archives.bootstrap(image, root, sources_list)
    write_files(image, root)
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text(_NO_SERVICES)
    policy.chmod(0o755)
    ids = ("--uid", str(image.uid), "--gid", str(image.gid))
    commands.run("chroot", str(root), "groupadd", "--gid", str(image.gid), image.user)
    commands.run("chroot", str(root), "useradd", "--no-create-home", "--shell", "/usr/sbin/nologin", *ids, image.user)
    for passing in ("var/log", "var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(root / passing)
        (root / passing).mkdir()


def make_layer(image: Recipe, base: Path, build: Path, debian: archives.Debian) -> Path:
    """What the image adds to the base; returns the directory that holds just that."""
    own = build / image.name
    for part in ("upper", "work", "root", "input"):
        (own / part).mkdir(parents=True)
    write_files(image, own / "upper")
    if image.debian:
        debian.download(image, own / "input/archives")
    if image.python or image.python_file:
        archives.pip_input(image, own / "input/python")
    (own / "settings").write_text(_settings(image))
    private = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc")
    commands.run(*private, "bash", str(_SCRIPT), str(base), str(build), image.name, seconds=900)
    for source, target in image.copy.items():
        for path in copied_files(REPOSITORY / source):
            copy = own / "upper" / target.lstrip("/") / path.relative_to(REPOSITORY / source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    _mark_deletions(own / "upper")
    return own / "upper"


def write_files(image: Recipe, root: Path) -> None:
    """The recipe's own files and links."""
    for name, text in image.files.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name, target in image.links.items():
        path = root / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)


def _settings(image: Recipe) -> str:
    values = {
        "user": image.user,
        "uid": str(image.uid),
        "gid": str(image.gid),
        "data_dir": image.data_dir or "",
        "owned": " ".join(image.owned),
        "remove": " ".join(image.remove),
    }
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in values.items())


def _mark_deletions(upper: Path) -> None:
    """Overlay's deletions (a 0:0 device, an opaque directory) in the words of image layers (`.wh.` files)."""
    for directory, directories, files in os.walk(upper):
        here = Path(directory)
        for name in directories:
            if not (here / name).is_symlink() and _is_opaque(here / name):
                (here / name / ".wh..wh..opq").touch()
        for name in files:
            status = (here / name).lstat()
            if stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                (here / name).unlink()
                (here / f".wh.{name}").touch()


def _is_opaque(directory: Path) -> bool:
    try:
        return os.getxattr(directory, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False
