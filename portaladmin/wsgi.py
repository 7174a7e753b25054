"""What the web server serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portaladmin.settings")
application = get_wsgi_application()


def _warm() -> None:
    """Loads every page's code now, which Django leaves to the first request otherwise: whoever comes first after a
    start would wait for it.
    """
    from django.urls import get_resolver

    from portaladmin.hosts import URLCONFS

    for urlconf in URLCONFS:
        get_resolver(urlconf).url_patterns  # noqa: B018


_warm()
