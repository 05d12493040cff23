"""What the rules say of our own stacks, and why it stays."""

DIGESTS = "pinned by tag: the images that people mirror, and their own, have other digests there"
NO_BACKUPS = "the pinned upstream image of PostgreSQL has no pgBackRest"
TLS_IN_FRONT = "a balancer in front of the stack ends TLS"
ONE_HOST = "a stack of one host, for development"
THROW_AWAY = "data of development goes with its stack"
BY_CHOICE = "the stack file says so: a single one, or data that can be made again"
NO_MONITORING = "a stack for one purpose, without monitoring"
GATE = "the scaler's gate asks Docker, whose socket is root's"
ROOT = "the image runs as root alone, and the stack file says so"

_PRODUCTION = {
    "image-has-a-digest": DIGESTS,
    "public-entry-has-tls": TLS_IN_FRONT,
    "data-has-a-verified-backup": NO_BACKUPS,
}
_DEVELOPMENT = {
    "replicas-survive-one-host": ONE_HOST,
    "members-survive-one-host": ONE_HOST,
    "data-has-a-verified-backup": NO_BACKUPS,
}
GOLDENS = {
    "gateway-on-kubernetes": {"image-has-a-digest": DIGESTS},
    "ingress-on-kubernetes": {"image-has-a-digest": DIGESTS},
    "keys-on-kubernetes": {"image-has-a-digest": DIGESTS},
    "keys-on-swarm": {"image-has-a-digest": DIGESTS, "root-is-an-exception": GATE},
    "nginx-on-kubernetes": {"image-has-a-digest": DIGESTS},
    "nginx-on-swarm": {"image-has-a-digest": DIGESTS, "public-entry-has-tls": TLS_IN_FRONT},
    "prod": _PRODUCTION,
    "prod-on-swarm": _PRODUCTION,
    "dev-on-kubernetes": {**_DEVELOPMENT, "data-outlives-its-workload": THROW_AWAY},
    "dev": {**_DEVELOPMENT, "overlay-is-encrypted": ONE_HOST, "public-entry-has-tls": ONE_HOST},
    "rotating": {
        "replicas-survive-one-host": BY_CHOICE,
        "data-has-a-verified-backup": NO_BACKUPS,
        "stores-are-scraped": NO_MONITORING,
    },
}
"""Stack -> rule -> reason. All of these rules are advisory."""

_EVERY = {"image-has-a-digest": DIGESTS}
_NOT_COPIED = {"data-has-a-verified-backup": NO_BACKUPS}
_SINGLE = {"replicas-survive-one-host": BY_CHOICE}
_ONE_MEMBER = {"members-survive-one-host": BY_CHOICE}
_ROOT = {"root-is-an-exception": ROOT}
_MORE = {
    "agent-platform": {
        **_SINGLE,
        **_ONE_MEMBER,
        "public-entry-has-tls": TLS_IN_FRONT,
        "root-is-an-exception": GATE,
    },
    "chatwoot": _NOT_COPIED,
    "dify": {**_NOT_COPIED, **_SINGLE, **_ONE_MEMBER, **_ROOT},
    "fastapi-template": _NOT_COPIED,
    "langfuse": _NOT_COPIED,
    "librechat": _NOT_COPIED,
    "messenger-bot": _SINGLE,
    "n8n": {**_NOT_COPIED, **_SINGLE},
    "open-webui": {**_NOT_COPIED, **_ONE_MEMBER, **_ROOT},
}


def of_example(name: str) -> dict[str, str]:
    """Rule -> reason, for an example on any platform."""
    return {**_EVERY, **_MORE.get(name, {})}
