"""What nginx tells of itself. Open-source nginx counts no answers, and knows no replica as lost."""

from components.observability import Panel

METRICS = (
    ("connections_active", "Connections of clients, those that wait for a request included."),
    ("connections_reading", "Connections on which a request's head is read."),
    ("connections_writing", "Connections on which an answer is waited for or sent."),
    ("connections_waiting", "Connections without a request."),
)
"""Variables of nginx, and what they are."""


def connections(name: str, series: str) -> Panel:
    """Connections by what happens on them, as the label `state`."""
    states = (metric.removeprefix("connections_") for metric, _ in METRICS if metric != "connections_active")
    return Panel(
        title=f"{name}: connections by state",
        expr=" or ".join(
            f'label_replace(sum(nginx_connections_{state}{{{series}}}), "state", "{state}", "", "")' for state in states
        ),
        unit="short",
    )
