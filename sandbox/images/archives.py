"""What the layers are installed from: Debian's package archive and PyPI, reached the way this machine reaches them."""

import ast
import importlib.util
import os
import platform
import re
import shlex
import shutil
import ssl
import sys
from collections.abc import Iterable
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


def of_suite(sources_list: str, suite: str) -> str:
    """The same archives for another release. Its updates and security fixes are left out: a newer one may have none."""
    own = re.compile(r"^(deb (?:\[.*\] )?\S+ )([a-z]+)( .*)$", re.MULTILINE)
    return "".join(f"{found[1]}{suite}{found[3]}\n" for found in own.finditer(sources_list))


class Debian:
    """Debian's packages for layers above a base file system: those of its release and, by name, of other ones."""

    def __init__(self, base: Path, build: Path, others: Iterable[str] = ()) -> None:
        own = (base / "etc/apt/sources.list").read_text()
        more = {suite: of_suite(own, suite) for suite in others}
        lists = {"": own, **{suite: own + text for suite, text in more.items()}, "all": own + "".join(more.values())}
        self._lists = {name: build / f"{name or 'own'}.list" for name in lists}
        for name, text in lists.items():
            self._lists[name].write_text(text)
        # What a package of another release needs comes from the base's, where that has it.
        pins = (f"Package: *\nPin: release n={suite}\nPin-Priority: 100\n" for suite in more)
        (build / "preferences").write_text("\n".join(pins))
        (build / "lists/partial").mkdir(parents=True, exist_ok=True)
        self._options = [
            "Dir::Etc::sourceparts=-",
            f"Dir::Etc::preferences={build}/preferences",
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
        self._apt("all", "update")

    def download(self, image: Recipe, target: Path) -> None:
        """Fetch what the image needs above the base into `target`."""
        (target / "partial").mkdir(parents=True)
        packages = [f"{name}/{image.suite}" if image.suite else name for name in image.debian]
        option = ("-o", f"Dir::Cache::archives={target}")
        arguments = ("install", "--yes", "--no-install-recommends", "--download-only", *packages)
        self._apt(image.suite, *option, *arguments)

    def _apt(self, sources_list: str, *arguments: str) -> None:
        options = [f"Dir::Etc::sourcelist={self._lists[sources_list]}", *self._options]
        commands.run("apt-get", "-q", *(word for option in options for word in ("-o", option)), *arguments)


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
