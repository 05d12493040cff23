"""What looks like a secret where everybody may read it: in variables, arguments and configuration files.

By name, by value, and by what stands before a value (`password=...`, `"api_key": "..."`). It imports nothing, for the
policy pack has the same file: a pack judges what was rendered and shares no code with what renders.
"""

import re
from collections.abc import Iterator, Sequence

_ALONE = re.compile(
    "PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|PASSCODE|SECRET|TOKEN|APIKEY|SALT|PEPPER|CREDENTIALS?|DSN|REQUIREPASS|MASTERAUTH"
)
_BEFORE_KEY = re.compile(
    "API|PRIVATE|SECRET|ACCESS|(EN|DE)CRYPTION|SIGNING|SIGNATURE|APP(LICATION)?|MASTER|SERVICE|ROLE|LICENSE|"
    "AUTH(ENTICATION)?|SESSION|COOKIE|JWT|HMAC|FERNET|WEBHOOK|SHARED|ACCOUNT|STORAGE|SUBSCRIPTION|INSTALLATION|CREDS"
)
"""What makes a secret of the word KEY behind it; PUBLIC_KEY, CACHE_KEY and SORT_KEY are none."""
_FORM = re.compile("BASE|VALUE|PLAIN|TEXT|BASE64|B64|HEX|OLD|NEW|PREVIOUS|CURRENT|PRIMARY|SECONDARY|DEFAULT|[0-9]+")
"""A word behind a secret's name that leaves it one: SECRET_KEY_BASE."""
_PASSWORD_WORD = re.compile("PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|PASSCODE|PIN")
_SWITCH = re.compile(
    "true|false|yes|no|on|off|none|null|(en|dis)abled|required|optional|auto|default|(str|bytes|string),?",
    re.IGNORECASE,
)
"""And types: a configuration file may be a program."""
_NO_SECRETS = ("PWD", "OLDPWD", "initial-cluster-token")
"""Directories of the shell, and the name of an etcd cluster."""
_PLACEHOLDER = re.compile(
    r"\$\$?[A-Za-z_({]|<[A-Za-z]|%[({A-Z]|\{|\*+$|/(run|etc|var|tmp|app|opt|secrets|mnt|home|usr|data|config|root)/|file:|self\.|[A-Za-z_][\w.]*[\[(]"
)
"""Starts what stands for a value that comes from elsewhere, names a file, or is an expression of a program. (`$$` is
Kubernetes' `$`.)"""

_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/?#@:'\"]*:(?P<value>[^\s/@'\"]+)@")
_NAME = r"(?<![A-Za-z])(?P<name>[A-Za-z][A-Za-z0-9_.-]{0,100})"
"""Bounded, for it may start at any character of a text of 500 kB."""
_QUOTED = r"(?:\"(?P<double>[^\"\n]*)\"|'(?P<single>[^'\n]*)')"
_ASSIGNED = (
    re.compile(rf"{_NAME}(?:[\"']\s*:|:|[\"']?\s*=)\s*{_QUOTED}"),
    re.compile(rf"{_NAME}[\"']?\s*=\s*(?P<bare>[^\s\"'&;,)}}\]]+)"),
    re.compile(rf"^[ \t\r-]*{_NAME}\s*:\s*(?P<bare>[^\s\"'#]+)\s*$", re.MULTILINE),
    re.compile(
        r"(?:^|\s)(?P<name>requirepass|masterauth|insecure-password|auth-pass\s+\S+)\s+(?P<bare>\S+)", re.MULTILINE
    ),
)
"""`a = "b"`, `"a": "b"` and `a=b` anywhere, `a: b` as a line, and what proxies and Redis write with a space."""
_FLAG = re.compile(r"--?(?P<name>[A-Za-z][A-Za-z0-9_.-]*)")
_BY_VALUE = tuple(
    re.compile(pattern)
    for pattern in (
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY",
        r"\b(AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",  # AWS key ids
        r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",  # JWT
        r"\bsk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic
        r"\b(sk|rk)_(live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9]{16,}",  # Stripe
        r"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22,}|\bglpat-[A-Za-z0-9_-]{20,}",
        r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[0-9]-[A-Za-z0-9-]{10,}",  # Slack
        r"hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]+",
        r"discord(app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+",
        r"\bhf_[A-Za-z0-9]{30,}|\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}",  # Hugging Face, Google
        r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\bkey-[0-9a-f]{32}\b",  # mail services
        r"\bnpm_[A-Za-z0-9]{36}|\bpypi-[A-Za-z0-9_-]{50,}|\bdckr_pat_[A-Za-z0-9_-]{20,}",
        r"\bdop_v1_[0-9a-f]{64}|\bshp(at|ss|ca|pa)_[0-9a-fA-F]{32}|\bglsa_[A-Za-z0-9_]{32,}|\bhvs\.[A-Za-z0-9_-]{24,}",
        r"\bAGE-SECRET-KEY-1[A-Z0-9]{50,}|\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b",  # age, Telegram
    )
)


def is_secret(name: str, value: str) -> bool:
    """Whether the variable `name` with this plain value looks like a secret."""
    return (names_a_secret(name) and _holds_something(name, value)) or holds_a_secret(value)


def names_a_secret(name: str) -> bool:
    """Whether a variable, flag or key of this name would hold a secret: `DB_PWD`, `--api-key`, `secretKeyBase`; not
    `TOKEN_LIMIT`, `PASSWORD_FILE`, `SECRETS_DIR`."""
    words = _words(name)
    if name in _NO_SECRETS:
        return False
    while len(words) > 1 and _FORM.fullmatch(words[-1]):
        words.pop()
    if len(words) > 1 and words[-1] == "KEY":
        return _BEFORE_KEY.fullmatch(words[-2]) is not None
    return bool(words) and _ALONE.fullmatch(words[-1]) is not None


def holds_a_secret(text: str) -> bool:
    """Whether a secret stands in the text: a private key, a URL with a password, a token of a known form, or a value
    that is given to a secret's name."""
    if any(pattern.search(text) for pattern in _BY_VALUE):
        return True
    if any(not _PLACEHOLDER.match(match["value"]) for match in _URL.finditer(text)):
        return True
    return any(names_a_secret(name) and _holds_something(name, value) for name, value in _assignments(text))


def secrets_in_arguments(arguments: Sequence[str]) -> Iterator[int]:
    """Indexes of arguments that hold a secret: by themselves, or behind a flag that names one."""
    flag = ""
    for index, argument in enumerate(arguments):
        if holds_a_secret(argument) or (flag and names_a_secret(flag) and _holds_something(flag, argument)):
            yield index
        match = _FLAG.fullmatch(argument)
        flag = match["name"] if match else ""


def _assignments(text: str) -> Iterator[tuple[str, str]]:
    for pattern in _ASSIGNED:
        for match in pattern.finditer(text):
            groups = match.groupdict()
            value = next((groups[key] for key in ("double", "single", "bare") if groups.get(key) is not None), "")
            yield groups["name"].split()[0], value


def _holds_something(name: str, value: str) -> bool:
    """Whether the value may be the secret itself, and not a switch, number, file, URL or placeholder."""
    if not value.strip() or _SWITCH.fullmatch(value) or _PLACEHOLDER.match(value) or "://" in value[:40]:
        return False
    return not re.fullmatch(r"[0-9.]{1,7}[A-Za-z]{0,2}", value) or any(
        _PASSWORD_WORD.fullmatch(word) for word in _words(name)
    )


def _words(name: str) -> list[str]:
    """`dbPassword`, `DB_PASSWORD`, `db-password`, `db.password` as words in upper case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", " ", name).upper().split()
