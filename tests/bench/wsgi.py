"""The product as its web server serves it, and one more address: an empty page for signed-in people."""

from importlib import import_module

from django.http import HttpRequest, HttpResponse
from django.urls import path

from portaladmin.wsgi import application

__all__ = ["application"]

EMPTY = "/bench/empty/"


def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


import_module("portaladmin.urls").urlpatterns.append(path(EMPTY.removeprefix("/"), empty))
