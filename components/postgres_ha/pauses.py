"""What lets the poolers wait while the primary changes as planned: for those who change it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pulumi

from components.postgres_ha.settings import PostgresSettings
from components.scope import Scope
from model import File

USER = "ha_pooler"
"""Of the poolers' console. It is no role of the servers."""
SWITCH_SECONDS = 20
"""A pooler goes on by itself when the change takes longer: a member that stops tries for so long (files/member.py)."""
_PROGRAM = Path(__file__).parent / "files/poolers.py"


@dataclass(frozen=True, kw_only=True)
class Pauses:
    """Of one database's poolers. `host` is in their certificate, `replicas` resolves to each; `seconds` is the most
    that a change waits for transactions to end."""

    host: str
    replicas: str
    seconds: int
    password: pulumi.Output[str]
    """Of the console."""

    def told(self, *, psql: str, ca: str) -> Mapping[str, object]:
        """What `poolers.py` takes beside the password; `ca` is the path of the authority's certificate."""
        given = {"host": self.host, "replicas": self.replicas, "seconds": self.seconds}
        return given | {"user": USER, "psql": psql, "ca": ca}

    def files(self, scope: Scope, word: str, directory: str, *, psql: str) -> tuple[File, ...]:
        """Of the members."""
        told = json.dumps(self.told(psql=psql, ca=f"{directory}/tls/ca.pem"), indent=2) + "\n"
        texts = {"poolers": ("poolers.py", _PROGRAM.read_text()), "poolers-told": ("poolers.json", told)}
        password = scope.secret(f"{word}-pooler-password", self.password)
        return (
            *scope.config_files(word, f"{directory}/programs", texts),
            File(path=f"{directory}/pooler_password", source=password),
        )


def pauses(scope: Scope, name: str, settings: PostgresSettings) -> Pauses | None:
    """None: there is no pooler, or it does not wait, or there is no other member to change to."""
    if settings.pooler is None or settings.members == 1 or not settings.pooler.pauses:
        return None
    word = f"{name}-pooler"
    return Pauses(
        host=scope.platform.host(word),
        replicas=scope.platform.replicas_host(word),
        seconds=settings.pooler.pauses,
        password=scope.password(f"{word}-console"),
    )
