"""SQL by `psql`, for scripts that have nothing but Python's standard library."""

import csv
import io
import os
import subprocess
from dataclasses import dataclass

ANSWER_SECONDS = 5
"""A member that takes longer to say how it is does not count as answering."""
CHANGE_SECONDS = 60
"""An extension may take some seconds to make what it holds."""
NO_CONNECTION = 2
"""How psql ends then."""
SESSION = {
    # Only PostgreSQL's own functions and operators: an owner can make better matches, and would run them as superuser.
    "search_path": "pg_catalog,pg_temp",
    "role": "none",
    "local_preload_libraries": "",
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read\\ committed",
    "standard_conforming_strings": "on",
    "client_min_messages": "warning",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "exit_on_error": "off",
}
"""What the owner of a database must not decide (`ALTER DATABASE ... SET`) for the superuser in it."""


class NotYet(Exception):
    """Why it cannot go on at this moment."""


@dataclass(frozen=True)
class Server:
    """A server as one role sees it. `host` is a name or the directory of its socket, where no password is asked."""

    name: str
    host: str
    psql: str
    user: str
    password: str = ""

    def query(self, sql: str, *, database: str = "postgres") -> list[tuple[str, str]]:
        """The first two columns of each row. Raises NotYet if the server does not answer."""
        done = self._psql(sql, database, seconds=ANSWER_SECONDS)
        if done.returncode:
            raise NotYet(f"{self.name} does not answer ({_line(done.stderr)})")
        # Names may have any character, also each that ends a line.
        rows = csv.reader(io.StringIO(done.stdout.decode(errors="replace"), newline=""))
        return [(row[0], row[1] if len(row) > 1 else "") for row in rows if row]

    def refused(self, sql: str, *, database: str = "postgres") -> str:
        """Change something; returns why the server refuses. Raises NotYet if it is no longer the primary, or silent."""
        done = self._psql(sql, database, seconds=CHANGE_SECONDS)
        said = _line(done.stderr)
        if done.returncode == NO_CONNECTION or "read-only transaction" in said:
            raise NotYet(f"{self.name} does not answer ({said})")
        return said or "failed" if done.returncode else ""

    def _psql(self, sql: str, database: str, *, seconds: int) -> "subprocess.CompletedProcess[bytes]":
        variables = {
            "PGPASSWORD": self.password,
            "PGCONNECT_TIMEOUT": str(ANSWER_SECONDS),
            "PGCLIENTENCODING": "UTF8",
            "PGOPTIONS": " ".join(
                f"-c {key}={value}" for key, value in (SESSION | {"statement_timeout": f"{seconds}s"}).items()
            ),
        }
        line = [self.psql, "-Xtq", "--csv", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-U", self.user, "-d", database]
        try:
            return subprocess.run(
                line,
                input=sql.encode(),  # an argument would be seen by everybody on the host
                env=os.environ | variables,
                capture_output=True,
                timeout=2 * ANSWER_SECONDS + seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise NotYet(f"{self.name} does not answer") from None


def quoted(text: str) -> str:
    """As a literal of SQL; `standard_conforming_strings` is on."""
    return "'" + text.replace("'", "''") + "'"


def _line(said: bytes) -> str:
    """On one line, without what a name may do to a terminal."""
    text = " ".join(said.decode(errors="replace").split())
    return "".join(each if each.isprintable() else "?" for each in text)
