"""Answers that make no sense, as an error of the port, wherever in our reading of them that is noticed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from organizations.ports import Unavailable

# What Python raises when something has another shape than it must have.
_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
T = TypeVar("T")
log = logging.getLogger(__name__)


def sensible(adapter: type[T]) -> type[T]:
    """The class, each of whose public methods raises Unavailable instead. The log keeps where it was."""
    for name, method in vars(adapter).copy().items():
        if callable(method) and not name.startswith("_"):
            setattr(adapter, name, _understood(method))
    return adapter


def _understood(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except _NONSENSE as error:
            log.exception("%s made no sense of an answer", method.__qualname__)
            raise Unavailable("The organization answered in a way that makes no sense.") from error

    return call
