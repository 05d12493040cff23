"""Those who may talk to each other, known by certificates of an authority of their own."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, kw_only=True)
class Circle:
    """An authority that signs for nobody but one circle: who trusts it alone lets in nobody else of the stack.

    `trusted` is its certificate. `chain` is for clients that want to follow it to a root (OpenSSL by default). `key` is
    secret.
    """

    trusted: pulumi.Output[str]
    chain: pulumi.Output[str]
    key: pulumi.Output[str]
