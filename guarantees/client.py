"""What clients add to an outage: they are the application's, and this is how they have to behave."""

from guarantees.timer import Timer

RETRY = Timer(name="client's retry", millis=1_000, source="the client must try again within a second")
