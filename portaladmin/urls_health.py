"""What a host that is not ours gets, since balancers ask by address: the health pages."""

from django.urls import path

from portaladmin import health

urlpatterns = [path("healthz", health.healthz), path("readyz", health.readyz)]
