"""What a person can put right: one sentence that says what is wrong and what to do."""


class HostError(Exception):
    """The machine cannot carry the sandbox hosts, or one of them failed; the message is for the user."""
