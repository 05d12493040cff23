"""What the routes share in one process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from .database import Database
from .jobs import Jobs
from .lifecycle import Lifecycle
from .metrics import Metrics
from .sessions import Sessions
from .settings import AppSettings

if TYPE_CHECKING:
    from .broker import Broker


@dataclass(frozen=True, kw_only=True)
class Context:
    """`database`, `sessions`, `jobs` and `broker` are None where the environment names none."""

    settings: AppSettings
    lifecycle: Lifecycle
    metrics: Metrics
    database: Database | None
    sessions: Sessions | None
    jobs: Jobs | None
    broker: "Broker | None"


def get_context(connection: HTTPConnection) -> Context:
    """The context of the application that serves this connection."""
    context: Context = connection.app.state.context
    return context


InContext = Annotated[Context, Depends(get_context)]
"""A route's parameter."""
