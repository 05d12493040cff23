"""One comment of a pull request is written over; a program named `gh` writes down what it was asked."""

import os
import subprocess
from pathlib import Path

import pytest

from report.markdown import MARK, Told, markdown
from tests.stacks.fixtures import REPOSITORY

GH = """\
#!/bin/sh
echo "$@" >>"$RECORD"
case "$*" in *--paginate*) printf '%s' "$KNOWN" ;; esac
"""


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ("", "--method POST repos/me/shop/issues/7/comments"),
        ("41\n42\n", "--method PATCH repos/me/shop/issues/comments/41"),
    ],
)
def test_the_comment_from_before_is_written_over(tmp_path: Path, known: str, asked: str) -> None:
    program, record, text = tmp_path / "gh", tmp_path / "record", tmp_path / "report.md"
    program.write_text(GH)
    program.chmod(0o755)
    text.write_text(markdown([Told(stack="prod", fault="no")], "`base`"))
    more = {
        "RECORD": str(record),
        "KNOWN": known,
        "GITHUB_REPOSITORY": "me/shop",
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
    }
    subprocess.run([str(REPOSITORY / ".ci/comment"), "7", str(text)], env={**os.environ, **more}, check=True)
    look, write = record.read_text().splitlines()
    assert "repos/me/shop/issues/7/comments" in look
    assert MARK in look
    assert write == f"api {asked} -F body=@{text}"
