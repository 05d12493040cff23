"""A worker: the application's own Celery, with what the stack file says. It needs Python 3.9."""

from __future__ import annotations

import os
import sys
from typing import Any

import celery
from celery import bootsteps, signals
from celery.app.utils import find_app
from ha_celery import broker
from ha_celery.beat import EVERY_SECONDS, Beat
from ha_celery.drain import LOOK_SECONDS, Drain
from kombu import Exchange, Queue

OLDEST = (5, 5)
"""The first that gives tasks back when a stop cancels them."""


def main(told: dict[str, Any]) -> int:
    """Returns when the worker has stopped."""
    if celery.VERSION[:2] < OLDEST:
        sys.exit(
            f"celery {celery.__version__} is older than {'.'.join(map(str, OLDEST))}: it loses tasks when it stops"
        )
    os.environ.pop("REMAP_SIGTERM", None)
    app = find_app(told["app"])
    configure(app, told)
    drain, beat = Drain(float(os.environ["GRACE_SECONDS"])), Beat()
    app.steps["consumer"].add(_step(beat, drain))
    signals.celeryd_after_setup.connect(lambda **_: refuse_longer_tasks(app, told["time_limit"]), weak=False)
    signals.worker_ready.connect(lambda **_: drain.install(), weak=False)
    arguments = [f"--hostname={told['name']}@%h", f"--queues={','.join(told['queues'])}"]
    arguments += [f"--concurrency={told['concurrency']}", "--pool=prefork", "--task-events", "--without-gossip"]
    app.worker_main(["worker", "--loglevel=INFO", *arguments])
    return 0


def configure(app: Any, told: dict[str, Any]) -> None:
    """What the stack file says comes before what the application says."""
    found = broker.settings(told)
    options = {**(app.conf.broker_transport_options or {}), **found.pop("broker_transport_options")}
    amqp = told["transport"] == "amqp"
    app.conf.update(
        found,
        broker_transport_options=options,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_time_limit=told["time_limit"],
        worker_prefetch_multiplier=told["prefetch"],
        worker_soft_shutdown_timeout=0,
        worker_send_task_events=True,
        # RabbitMQ gives what runs to another worker at once; Redis only after the visibility timeout.
        worker_cancel_long_running_tasks_on_connection_loss=amqp,
    )
    if told["quorum"]:
        app.conf.update(task_default_queue_type="quorum", worker_detect_quorum_queues=True)
        quorum = {"x-queue-type": "quorum"}
        for name in told["queues"]:
            if name not in app.amqp.queues:
                app.amqp.queues.add(Queue(name, Exchange(name, "direct"), name, queue_arguments=quorum))


def refuse_longer_tasks(app: Any, limit: int) -> None:
    """One with a longer limit of its own would be given to a second worker while it runs."""
    longer = {name: task.time_limit for name, task in app.tasks.items() if (task.time_limit or 0) > limit}
    if longer:
        sys.exit(f"tasks have longer limits than celery.worker.time_limit ({limit} s): {longer}")


def _step(beat: Beat, drain: Drain) -> Any:
    """Of the consumer: begun when it consumes, ended when the connection is gone."""

    class Looping(bootsteps.StartStopStep):  # type: ignore[misc]
        requires = ("celery.worker.consumer.tasks:Tasks",)

        def __init__(self, consumer: Any, **_: Any) -> None:
            super().__init__(consumer)
            self.timers: list[Any] = []

        def start(self, consumer: Any) -> None:
            beat.begin()
            drain.connected(consumer)
            self.timers = [
                consumer.timer.call_repeatedly(EVERY_SECONDS, beat.turn),
                consumer.timer.call_repeatedly(LOOK_SECONDS, drain.look),
            ]

        def stop(self, _: Any) -> None:
            beat.end()
            drain.connected(None)
            for timer in self.timers:
                timer.cancel()
            self.timers = []

    return Looping
