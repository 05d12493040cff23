"""What the layers are installed from: Debian's package archive and PyPI, reached the way this machine reaches them."""

import ast
import importlib.util
import os
import platform
import shlex
import shutil
import ssl
import sys
from pathlib import Path

from sandbox.hosts import commands
from sandbox.hosts.errors import HostError
from sandbox.images.recipe import REPOSITORY, Recipe

_NO_DOCS = ("doc", "man", "locale", "info", "lintian")


def sources(suite: str) -> str:
    """The machine's own sources of Debian, for the release `suite`; empty (debootstrap's default) when it has none."""
    fields = "$(ORIGIN) $(CODENAME) deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    lines = commands.run("apt-get", "indextargets", "Created-By: Packages", "--format", fields).splitlines()
    own = platform.freedesktop_os_release().get("VERSION_CODENAME", suite)
    of_debian = (line.split(maxsplit=2) for line in lines)
    kept = (line for origin, codename, line in of_debian if origin == "Debian" and codename.startswith(own))
    return "".join(f"{line}\n" for line in dict.fromkeys(line.replace(f" {own}", f" {suite}") for line in kept))


def bootstrap(image: Recipe, root: Path, sources_list: str) -> None:
    """Make the base file system in the empty directory `root`."""
    options = [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in _NO_DOCS]
    options += ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    for line in commands.run("apt-config", "dump", "Acquire").splitlines():
        if line.startswith(("Acquire::http", "Acquire::https", "Acquire::Check-")):
            options.append(f"--aptopt={line.rstrip(';')}")
    program = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(image.debian)}"]
    more = ["-"] if sources_list else []
    commands.run(*program, *options, image.suite, str(root), *more, stdin=sources_list or None, seconds=900)
    for left in ("etc/resolv.conf", "etc/hostname", "etc/apt/apt.conf.d/99mmdebstrap"):
        (root / left).unlink(missing_ok=True)


def unpack(layer: Path, root: Path) -> None:
    """Unpack a stored layer that deletes nothing."""
    commands.run("tar", "--extract", "--numeric-owner", "--preserve-permissions", "--file", str(layer), "-C", str(root))


class Debian:
    """Debian's packages for layers above a base file system."""

    def __init__(self, base: Path, build: Path) -> None:
        (build / "lists/partial").mkdir(parents=True, exist_ok=True)
        self._options = [
            f"Dir::Etc::sourcelist={base}/etc/apt/sources.list",
            "Dir::Etc::sourceparts=-",
            "Dir::Etc::preferencesparts=-",
            f"Dir::State::lists={build}/lists",
            f"Dir::State::status={base}/var/lib/dpkg/status",
            "Dir::Cache::pkgcache=",
            "Dir::Cache::srcpkgcache=",
            "Acquire::Languages=none",
            "Debug::NoLocking=1",
            "APT::Sandbox::User=root",
        ]

    def update(self) -> None:
        """Fetch the package lists."""
        self._apt("update")

    def download(self, image: Recipe, target: Path) -> None:
        """Fetch what the image needs above the base into `target`."""
        (target / "partial").mkdir(parents=True)
        option = ("-o", f"Dir::Cache::archives={target}")
        self._apt(*option, "install", "--yes", "--no-install-recommends", "--download-only", *image.debian)

    def _apt(self, *arguments: str) -> None:
        options = [word for option in self._options for word in ("-o", option)]
        commands.run("apt-get", "-q", *options, *arguments)


def pip_input(image: Recipe, target: Path) -> None:
    """Put into `target` what pip needs inside the image: itself, the requirements, and the machine's ways to an index.

    The image's own Python resolves: another patch release of Python would choose other packages.
    """
    pip = importlib.util.find_spec("pip")
    if pip is None or pip.origin is None:
        raise HostError(f"{sys.executable} has no pip; run from the project's venv")
    target.mkdir()
    shutil.copytree(Path(pip.origin).parent, target / "path/pip", ignore=shutil.ignore_patterns("__pycache__"))
    lines = list(image.python)
    if image.python_file:
        lines += (REPOSITORY / image.python_file).read_text().splitlines()
    (target / "requirements.txt").write_text("\n".join(lines) + "\n")
    settings = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    for line in commands.run(sys.executable, "-m", "pip", "config", "list").splitlines():
        key, _, value = line.partition("=")
        settings[f"PIP_{key.rpartition('.')[2].replace('-', '_').upper()}"] = ast.literal_eval(value)
    settings.pop("PIP_FIND_LINKS", None)  # a directory of this machine
    authorities = Path(settings.get("PIP_CERT") or ssl.get_default_verify_paths().cafile or "/nonexistent")
    if authorities.exists():
        shutil.copy(authorities, target / "authorities.pem")
        settings["PIP_CERT"] = "/mnt/python/authorities.pem"
    (target / "environment").write_text(
        "".join(f"export {name}={shlex.quote(value)}\n" for name, value in settings.items())
    )
    shutil.copy("/etc/resolv.conf", target)
