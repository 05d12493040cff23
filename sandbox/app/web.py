"""The application: its routes, what they share, and one JSON sentence for every expected error."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from . import redis_client
from .context import Context
from .database import Database, DatabaseUnavailable
from .jobs import Jobs
from .lifecycle import Lifecycle
from .metrics import Metrics
from .middleware import Observed
from .routes import chat, jobs, probes, session, traffic, writes
from .sessions import Sessions
from .settings import AppSettings

if TYPE_CHECKING:
    from .broker import Broker


def create_app(settings: AppSettings, lifecycle: Lifecycle) -> FastAPI:
    """An ASGI application; connects to nothing before its first request."""
    database = Database(settings.database) if settings.database else None
    redis = redis_client.connect(settings.redis) if settings.redis else None
    sessions = Sessions(redis) if redis else None
    context = Context(
        settings=settings,
        lifecycle=lifecycle,
        metrics=Metrics(lifecycle, database, sessions),
        database=database,
        sessions=sessions,
        jobs=Jobs(redis) if redis else None,
        broker=_broker(settings),
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        if database:
            await database.open()
        yield
        if database:
            await database.close()
        if redis:
            await redis.aclose()
        if context.broker:
            await context.broker.close()

    app = FastAPI(title="chat", version=settings.version, lifespan=lifespan)
    app.state.context = context
    for module in (probes, traffic, chat, writes, session, jobs):
        app.include_router(module.router)
    if context.broker:
        from .routes import messages

        app.include_router(messages.router)
        app.add_exception_handler(messages.BrokerUnavailable, _unavailable)
    for unavailable in (DatabaseUnavailable, *redis_client.UNAVAILABLE):
        app.add_exception_handler(unavailable, _unavailable)
    app.add_exception_handler(asyncpg.UndefinedTableError, _not_migrated)
    app.add_middleware(
        Observed,
        replica=settings.replica,
        version=settings.version,
        lifecycle=lifecycle,
        metrics=context.metrics,
    )
    return app


def _broker(settings: AppSettings) -> "Broker | None":
    """Its library takes a quarter of a second to load: for those alone who have a broker."""
    if settings.broker is None:
        return None
    from .broker import Broker

    return Broker(settings.broker)


def _unavailable(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=503)


def _not_migrated(_: Request, __: Exception) -> JSONResponse:
    return JSONResponse({"error": "the tables are missing: run `python3 -m app.migrate`"}, status_code=503)
