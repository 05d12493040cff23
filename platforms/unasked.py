"""Previews that go on although the hosts or the cluster cannot be asked: what follows is said aloud."""

import os

import pulumi

OFFLINE = "HA_OFFLINE"
"""Set for a preview that has no way to the hosts of a Swarm: `1`."""

_REASONS = (
    ("No such file or directory", "no such socket"),
    ("Permission denied", "permission denied on the socket"),
    ("refused", "connection refused"),
    ("timed out", "no answer in {seconds:g} s"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not signed by the authority that was given"),
    ("Name or service not known", "unknown host name"),
    ("Temporary failure in name resolution", "unknown host name"),
    ("No route to host", "no route to it"),
    ("Network is unreachable", "no route to it"),
)


def offline() -> bool:
    """Whether HA_OFFLINE asks for a preview without hosts. Raises RunError where it is no preview."""
    if os.environ.get(OFFLINE, "").strip().lower() in ("", "0", "no", "false"):
        return False
    if not pulumi.runtime.is_dry_run():
        raise pulumi.RunError(
            f"{OFFLINE} is set, which is for previews: an update asks its hosts. Nothing was changed; unset it"
        )
    return True


def reason(error: Exception, seconds: float) -> str:
    """Why something that was waited for so many seconds does not answer, in a few words."""
    text = str(error)
    for sign, said in _REASONS:
        if sign in text:
            return said.format(seconds=seconds)
    return text.splitlines()[0] if text else type(error).__name__


def warn(package: str, why: str, follows: str) -> None:
    """In a preview: the provider of `package` has nobody to ask, for a reason, and what follows for the reader."""
    pulumi.log.warn(f"previewed without asking {package}: {why}. {follows}")
