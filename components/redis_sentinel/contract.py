"""What clients of a replication group are told: the facts, and what each library takes to follow the master.

Sources: redis-py 8.1 (`Sentinel`), kombu 5.7 (`SentinelChannel`), go-redis 9 (`ParseFailoverURL`), ioredis 5
(`SentinelConnectionOptions`).
"""

from collections.abc import Mapping

from components.contracts import Terms
from components.external import ExternalTls, Tls, tls_facts
from components.facts import FactType

_PLAIN = {"host": FactType.HOST, "port": FactType.PORT, "url": FactType.SECRET_URL}
_SENTINEL = {
    "sentinels": FactType.HOSTS,
    "sentinel_hosts": FactType.HOSTS,
    "sentinel_port": FactType.PORT,
    "master_name": FactType.TEXT,
    "socket_timeout": FactType.NUMBER,
    "user": FactType.TEXT,
    "password": FactType.PASSWORD,
    "sentinel_password": FactType.PASSWORD,
}


def sentinel_terms(sentinels: int, *, endpoint: bool, named: bool, tls: Tls | None = None) -> Terms:
    """Of a group with so many Sentinels, which has a plain address as well if it has an `endpoint`. `named`: who logs
    in says who it is. With `tls` all of them are reached by it alone."""
    each = [sentinel_fact(ordinal) for ordinal in range(sentinels)]
    plain = ("host", "port") if endpoint else ()
    return Terms(
        facts=(_PLAIN if endpoint else {}) | _SENTINEL | tls_facts(tls) | dict.fromkeys(each, FactType.HOST),
        standard=(
            *plain,
            *("sentinels", "master_name", "socket_timeout", "user"),
            *(("url",) if endpoint else ()),
            *("password", "sentinel_password"),
            *tls_facts(tls),
        ),
        presets=_presets(each, tls),
        named=named,
    )


def sentinel_fact(ordinal: int) -> str:
    """The fact that is the host of one Sentinel."""
    return f"sentinel_{ordinal + 1}"


def endpoint_url(tls: Tls | None) -> str:
    """The text of the fact `url` of a plain address."""
    return f"redis{'s' if tls else ''}://{{user}}:{{password}}@{{host}}:{{port}}/0"


_REDIS_PY_TLS = '"ssl_cert_reqs": "required", "ssl_check_hostname": true, "ssl_ca_certs": "{ca_file}"'


def _presets(each: list[str], tls: Tls | None) -> Mapping[str, Mapping[str, str]]:
    addresses = [f"{{{fact}}}:{{sentinel_port}}" for fact in each]
    pairs = ", ".join(f'["{{{fact}}}", {{sentinel_port}}]' for fact in each)
    objects = ", ".join(f'{{{{"host": "{{{fact}}}", "port": {{sentinel_port}}}}}}' for fact in each)
    python = f', "ssl": true, {_REDIS_PY_TLS}' if tls else ""
    with_file = {"_CA_FILE": "{ca_file}"} if tls else {}
    return {
        "redis-py": {
            "_OPTIONS": f'{{{{"sentinels": [{pairs}], "sentinel_kwargs": {{{{"password": "{{sentinel_password}}", '
            f'"socket_timeout": {{socket_timeout}}{python}}}}}, "username": "{{user}}", "password": "{{password}}", '
            f'"socket_timeout": {{socket_timeout}}{python}}}}}',
            "_MASTER_NAME": "{master_name}",
        },
        "celery": {
            "_URL": ";".join(f"sentinel://{{user}}:{{password}}@{address}/0" for address in addresses),
            "_TRANSPORT_OPTIONS": '{{"master_name": "{master_name}", '
            f'"sentinel_kwargs": {{{{"password": "{{sentinel_password}}"{python}}}}}}}}}',
            "_USER": "{user}",
        }
        | ({"_USE_SSL": f"{{{{{_REDIS_PY_TLS}}}}}"} if tls else {}),
        "go-redis": {
            "_URL": f"redis{'s' if tls else ''}://:{{sentinel_password}}@{addresses[0]}/0?master_name={{master_name}}"
            "&username={user}&password={password}" + "".join(f"&addr={address}" for address in addresses[1:])
        }
        | with_file,
        "ioredis": {
            "_OPTIONS": f'{{{{"sentinels": [{objects}], "name": "{{master_name}}", "username": "{{user}}", '
            '"password": "{password}", "sentinelPassword": "{sentinel_password}"'
            + (', "enableTLSForSentinelMode": true, "tls": {{}}, "sentinelTLS": {{}}' if tls else "")
            + "}}"
        }
        | with_file,
    }


def plain_terms(tls: ExternalTls | None, *, user: bool) -> Terms:
    """Of a server without Sentinels that is reached with this encryption."""
    facts = _PLAIN | {"database": FactType.NUMBER, "socket_timeout": FactType.NUMBER, "password": FactType.PASSWORD}
    facts |= ({"user": FactType.TEXT} if user else {}) | tls_facts(tls)
    url = plain_url(tls, user=user)
    python = url + (f"?{_checked(tls)}" if tls else "")
    with_file = {"_URL": url} | ({"_CA_FILE": "{ca_file}"} if "ca_file" in facts else {})
    presets = {"redis-py": {"_URL": python}, "celery": {"_URL": python}, "go-redis": with_file, "ioredis": with_file}
    return Terms(facts=facts, standard=tuple(facts), presets=presets)


def plain_url(tls: ExternalTls | None, *, user: bool) -> str:
    """The text of the fact `url` of a server without Sentinels."""
    scheme = "rediss" if tls else "redis"
    return f"{scheme}://{'{user}' if user else ''}:{{password}}@{{host}}:{{port}}/{{database}}"


def _checked(tls: ExternalTls) -> str:
    """How redis-py, and Celery by it, verifies the server."""
    if tls.ca is None:
        return "ssl_cert_reqs=none"
    named = "true" if tls.mode == "verify-full" else "false"
    return f"ssl_cert_reqs=required&ssl_check_hostname={named}&ssl_ca_certs={{ca_file}}"
