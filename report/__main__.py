"""`make report`: what a change does to the stacks, as one Markdown text. Nothing is deployed, and no host is asked.

python -m report --base COMMIT [STACK...]
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from report.changes import difference
from report.drift import drifted
from report.markdown import Told, markdown
from report.side import Side, side

REPOSITORY = Path(__file__).resolve().parent.parent


class ReportError(Exception):
    """One sentence for a person."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0; 1 where a stack does not preview or violates a mandatory policy, or the base is no commit."""
    parser = argparse.ArgumentParser(prog="python -m report", description=__doc__)
    parser.add_argument("stacks", nargs="*", help="default: every Pulumi.<stack>.yaml of the repository")
    parser.add_argument("--base", required=True, help="the commit to compare with")
    parser.add_argument("--drift", action="store_true", help="ask what runs, too: needs the state and the hosts")
    given = parser.parse_args(arguments)
    try:
        text, sound = report(REPOSITORY, given.base, [one for one in given.stacks if one], drift=given.drift)
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return 1
    print(text, end="")
    return 0 if sound else 1


def report(repository: Path, base: str, stacks: Sequence[str] = (), *, drift: bool = False) -> tuple[str, bool]:
    """The text, and whether every stack of the working tree previews and keeps its mandatory policies. Raises
    ReportError."""
    commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}")
    with _tree(repository, commit) as before:
        names = stacks or sorted({*_stacks(repository), *_stacks(before)})
        missing = [name for name in names if name not in {*_stacks(repository), *_stacks(before)}]
        if missing:
            raise ReportError(f"neither the base nor this tree has a file Pulumi.{missing[0]}.yaml.")
        with ThreadPoolExecutor(max_workers=2) as pool:
            told = []
            for name in names:
                sides = pool.map(
                    lambda tree, name=name: side(tree, Path(f"Pulumi.{name}.yaml"), name), (before, repository)
                )
                found = _told(name, *sides, is_new=name not in _stacks(before))
                told.append(replace(found, drift=drifted(repository, name)) if drift else found)
    sound = not any(one.fault or (one.difference and one.difference.refused_by) for one in told)
    return markdown(told, f"`{commit[:12]}`"), sound


def _told(name: str, base: Side, head: Side, *, is_new: bool) -> Told:
    if head.fault:
        return Told(stack=name, fault=head.fault)
    return Told(stack=name, difference=difference(base, head), base_fault=base.fault, is_new=is_new)


def _stacks(tree: Path) -> list[str]:
    return [path.name.split(".")[1] for path in tree.glob("Pulumi.*.yaml")]


@contextmanager
def _tree(repository: Path, commit: str) -> Iterator[Path]:
    """The files of a commit, for as long as they are needed."""
    with tempfile.TemporaryDirectory() as directory:
        archive = subprocess.run(["git", "archive", commit], cwd=repository, capture_output=True, check=True).stdout
        subprocess.run(["tar", "-x", "-C", directory], input=archive, check=True)
        yield Path(directory)


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=repository, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ReportError(f"BASE={arguments[-1].removesuffix('^{commit}')} is no commit of this repository.")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
