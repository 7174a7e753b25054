"""`manage.py edge`: the embedded HTTPS edge, until it is told to end."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from domains.edge.serve import serve


class Command(BaseCommand):
    """Listens on BIND and HTTPS_PORT."""

    help = "Serve the portals over HTTPS, with the certificates of their custom domains."
    # Its process is to be up in a second; `prepare` has looked at everything before.
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        serve(host=(os.environ.get("BIND") or "127.0.0.1").strip("[]"), port=settings.HTTPS_PORT)
