"""How a worker stops: it takes no more tasks, ends those that it has, and gives back what is not done in time.

Celery's own ways do it while its loop stands still: no heartbeat reaches RabbitMQ, which takes the tasks for lost after
20 s and gives them to another worker while they run. So the loop turns until the tasks have ended, and Celery's way is
taken after that.
"""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from celery.worker import state

LOOK_SECONDS = 0.5


class Drain:
    """Of one worker: its tasks have `seconds` from the signal on."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._warm: Any = None
        self._consumer: Any = None
        self._begun = False
        self._refused = False
        self._ended = False

    def install(self) -> None:
        """In place of Celery's handler, which ends the loop at once."""
        self._warm = signal.getsignal(signal.SIGTERM)
        signal.signal(signal.SIGTERM, self._begin)

    def connected(self, consumer: Any | None) -> None:
        """With the loop's consumer; None: there is no connection, and so no loop."""
        self._consumer = consumer
        if self._begun and consumer is None:
            self._end()

    def look(self) -> None:
        """Said by the loop."""
        if not self._begun or self._consumer is None:
            return
        if not self._refused:
            self._refused = True
            for queue in list(self._consumer.app.amqp.queues.consume_from):
                self._consumer.cancel_task_queue(queue)
        elif not state.reserved_requests:
            self._end()

    def _begin(self, *_: Any) -> None:
        if self._begun:
            return
        self._begun = True
        # A timer of a thread: it comes even where the loop stands still. SIGQUIT cancels tasks and gives them back.
        late = threading.Timer(self._seconds, os.kill, (os.getpid(), signal.SIGQUIT))
        late.daemon = True
        late.start()
        if self._consumer is None:
            self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._warm(signal.SIGTERM, None)
