"""What a platform does to its containers, as far as settings alone say it."""

from dataclasses import dataclass

from guarantees.timer import Timer


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """`restart_millis`: how long it waits before it starts a container again, and `start_millis` how long that
    takes. `look_up_millis`: the longest look-up of the name of a container that is gone. `stable_addresses`: a member
    that is restarted has the address it had. `hosts`: how many take containers (None: enough), and `names` theirs, if
    members stay on them in this order. `forget_seconds`: how long a replica serves on before its signal, until others
    have forgotten it, and `forget_public_seconds` until a cloud's balancer has. `together`: members of one store may be
    on one host.
    """

    restart_millis: int
    restart_source: str
    start_millis: int
    start_source: str
    look_up_millis: int
    look_up_source: str
    stable_addresses: bool
    hosts: int | None = None
    names: tuple[str, ...] = ()
    forget_seconds: int = 0
    forget_public_seconds: int = 0
    together: bool = False

    @property
    def restart(self) -> Timer:
        """Before a container starts again."""
        return Timer(name="restart", millis=self.restart_millis, source=self.restart_source)

    @property
    def start(self) -> Timer:
        """Of a container."""
        return Timer(name="container's start", millis=self.start_millis, source=self.start_source)

    @property
    def look_up(self) -> Timer:
        """Of the name of a container that is gone."""
        return Timer(name="look-up", millis=self.look_up_millis, source=self.look_up_source)
