"""What clients of a database are told: the facts, and the URL that each library takes.

Sources: libpq 17 (libpq-connect), asyncpg 0.32 (`connect`), SQLAlchemy 2.1 (dialects/postgresql), pgJDBC 42.7
(documentation/use), pg8000 1.31 (`connect`).
"""

from components.contracts import Terms
from components.facts import FactType

URL = "postgresql://{user}:{password}@{host}:{port}/{name}?target_session_attrs=read-write"

_ADDRESS = "{user}:{password}@{host}:{port}/{name}"
_LIBPQ = "?connect_timeout={connect_timeout}&target_session_attrs=read-write"
_JDBC = "jdbc:postgresql://{host}:{port}/{name}?user={user}&password={password}&connectTimeout={connect_timeout}"

TERMS = Terms(
    facts={
        "host": FactType.HOST,
        "port": FactType.PORT,
        "name": FactType.TEXT,
        "user": FactType.TEXT,
        "connect_timeout": FactType.NUMBER,
        "url": FactType.SECRET_URL,
        "password": FactType.PASSWORD,
    },
    standard=("host", "port", "name", "user", "connect_timeout", "url", "password"),
    presets={
        "libpq": {"_URL": f"postgresql://{_ADDRESS}{_LIBPQ}"},
        "psycopg": {"_URL": f"postgresql://{_ADDRESS}{_LIBPQ}"},
        "asyncpg": {"_URL": f"postgresql://{_ADDRESS}"},
        "sqlalchemy-psycopg": {"_URL": f"postgresql+psycopg://{_ADDRESS}{_LIBPQ}"},
        "sqlalchemy-psycopg2": {"_URL": f"postgresql+psycopg2://{_ADDRESS}{_LIBPQ}"},
        "sqlalchemy-asyncpg": {"_URL": f"postgresql+asyncpg://{_ADDRESS}"},
        "sqlalchemy-pg8000": {"_URL": f"postgresql+pg8000://{_ADDRESS}"},
        "jdbc": {"_URL": f"{_JDBC}&targetServerType=primary"},
    },
)
"""asyncpg takes unknown parameters for settings of the server, and pg8000 takes none: their URLs are bare addresses."""
