"""Addresses on an organization's own host."""

from django.urls import path, re_path

from organizations.facade import views

urlpatterns = [
    re_path(r"^api/data/v(?P<version>9\.[0-2])/?(?P<path>.*)$", views.api),
    path("<str:tenant>/oauth2/v2.0/token", views.token),
    path("<str:tenant>/v2.0/.well-known/openid-configuration", views.discovery),
    re_path(r"^(?P<path>.*)$", views.nothing),
]
