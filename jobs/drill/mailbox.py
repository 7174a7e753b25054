"""The drill's own queue at the installation's broker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from celery import current_app
from django.conf import settings
from kombu import Queue
from kombu.exceptions import ChannelError


def name() -> str:
    """Beside the installation's own, and the same for each drill, so that a killed one leaves no second."""
    return f"{settings.CELERY_TASK_DEFAULT_QUEUE}.drill"


@contextmanager
def in_use() -> Iterator[str]:
    """From here on this process, which does nothing but the drill, rings there and nowhere else."""
    before = current_app.conf.task_default_queue
    current_app.conf.task_default_queue = name()
    try:
        empty()
        yield name()
    finally:
        with current_app.connection_for_write() as connection:
            queue = _queue(connection)
            queue.declare()
            queue.delete()
        current_app.conf.task_default_queue = before


def size() -> int:
    """How many messages are in it."""
    with current_app.connection_for_write() as connection:
        try:
            declared: Any = _queue(connection).queue_declare(passive=True)
        except ChannelError:  # a queue with nothing in it does not exist
            return 0
        return int(declared.message_count)


def empty() -> int:
    """Throw away every message in it; how many there were."""
    with current_app.connection_for_write() as connection:
        queue = _queue(connection)
        queue.declare()
        return queue.purge() or 0


def _queue(connection: Any) -> Queue:
    bound: Queue = current_app.amqp.queues[name()].bind(connection.default_channel)
    return bound
