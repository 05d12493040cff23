"""What clients of a database are told: the facts, and the URL that each library takes.

Sources: libpq 17 (libpq-connect), asyncpg 0.32 (`connect`), SQLAlchemy 2.1 (dialects/postgresql), pgJDBC 42.7
(documentation/use), pg8000 1.31 (`connect`).
"""

from collections.abc import Mapping

from components.contracts import Terms
from components.external import Tls, tls_facts
from components.facts import FactType

URL = "postgresql://{user}:{password}@{host}:{port}/{name}?target_session_attrs=read-write"

_ADDRESS = "{user}:{password}@{host}:{port}/{name}"
_LIBPQ = "connect_timeout={connect_timeout}&target_session_attrs=read-write"
_JDBC = "user={user}&password={password}&connectTimeout={connect_timeout}&targetServerType=primary"
_FACTS = {
    "host": FactType.HOST,
    "port": FactType.PORT,
    "name": FactType.TEXT,
    "user": FactType.TEXT,
    "connect_timeout": FactType.NUMBER,
    "url": FactType.SECRET_URL,
    "password": FactType.PASSWORD,
}


_READS = {"read_host": FactType.HOST, "read_port": FactType.PORT, "read_url": FactType.SECRET_URL}
"""Of a database with a read endpoint."""
_POOLER = {"pooler_host": FactType.HOST, "pooler_port": FactType.PORT, "pooler_url": FactType.SECRET_URL}
"""Of a database with a pooler."""
_POOLED = {"host": "pooler_host", "port": "pooler_port", "url": "pooler_url"}
POOLER_URL = URL.replace("{host}:{port}", "{pooler_host}:{pooler_port}")
READ_URL = "postgresql://{user}:{password}@{read_host}:{read_port}/{name}?target_session_attrs=any"


def database_terms(tls: Tls | None = None, *, reads: bool = False, pooler: bool = False) -> Terms:
    """Of a database that is reached with this encryption."""
    facts = _FACTS | (_READS if reads else {}) | (_POOLER if pooler else {}) | tls_facts(tls)
    verifies = tls is not None and tls.verifies
    root = {"PGSSLROOTCERT": "{ca_file}"} if verifies else {}
    file = {"_CA_FILE": "{ca_file}"} if verifies else {}
    presets = _presets(_verified(tls), root, file)
    if reads:
        presets = {name: texts | {"_READ_URL": _read_url(texts["_URL"])} for name, texts in presets.items()}
    if pooler:
        presets = {name: texts | {"_POOLER_URL": _pooler_url(texts["_URL"])} for name, texts in presets.items()}
    return Terms(facts=facts, standard=tuple(facts), presets=presets, pooled=_POOLED if pooler else {})


def database_url(tls: Tls | None = None, *, text: str = URL) -> str:
    """The text of the fact `url`, or `text` of another endpoint's, in libpq's form."""
    return "&".join(part for part in (text, _verified(tls)) if part)


def _verified(tls: Tls | None) -> str:
    """What libpq, asyncpg and pgJDBC call the same."""
    if tls is None:
        return ""
    return "sslmode={tls_mode}" + ("&sslrootcert={ca_file}" if tls.verifies else "")


def _presets(verified: str, root: Mapping[str, str], file: Mapping[str, str]) -> Mapping[str, dict[str, str]]:
    """asyncpg takes unknown parameters for settings of the server, and pg8000 takes none: their URLs are bare
    addresses. SQLAlchemy gives asyncpg the mode alone, which then finds the certificate by a variable of libpq's."""
    libpq = f"{_ADDRESS}?{_joined(_LIBPQ, verified)}"
    return {
        "libpq": {"_URL": f"postgresql://{libpq}"},
        "psycopg": {"_URL": f"postgresql://{libpq}"},
        "asyncpg": {"_URL": f"postgresql://{_ADDRESS}" + (f"?{verified}" if verified else "")},
        "sqlalchemy-psycopg": {"_URL": f"postgresql+psycopg://{libpq}"},
        "sqlalchemy-psycopg2": {"_URL": f"postgresql+psycopg2://{libpq}"},
        "sqlalchemy-asyncpg": {
            "_URL": f"postgresql+asyncpg://{_ADDRESS}" + ("?ssl={tls_mode}" if verified else ""),
            **root,
        },
        "sqlalchemy-pg8000": {"_URL": f"postgresql+pg8000://{_ADDRESS}", **file},
        "jdbc": {"_URL": f"jdbc:postgresql://{{host}}:{{port}}/{{name}}?{_joined(_JDBC, verified)}"},
    }


def _read_url(text: str) -> str:
    """A preset's URL for the read endpoint: there every server will do."""
    changed = (("{host}:{port}", "{read_host}:{read_port}"), ("=read-write", "=any"), ("Type=primary", "Type=any"))
    for old, new in changed:
        text = text.replace(old, new)
    return text


def _pooler_url(text: str) -> str:
    return text.replace("{host}:{port}", "{pooler_host}:{pooler_port}")


def _joined(*parameters: str) -> str:
    return "&".join(part for part in parameters if part)
