"""Texts that no database can keep are refused at the door."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase


class NoNulMiddleware:
    """PostgreSQL has no character NUL, and no person types one: a request with it in a field is a bad request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = _texts(request.GET)
        if request.method == "POST":
            sent += _texts(request.POST)
        if any("\x00" in text for text in sent):
            raise BadRequest("A text contains a character that cannot be kept.")
        return self.get_response(request)


def _texts(fields: QueryDict) -> list[str]:
    return [str(text) for name, values in fields.lists() for text in (name, *values)]
