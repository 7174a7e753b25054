"""`manage.py edge_agent`: certificates for a proxy of one's own, until it is told to end."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from domains.edge.agent import NotSafe, run


class Command(BaseCommand):
    """Listens on EDGE_AGENT_ADDRESS, for whoever knows EDGE_AGENT_TOKEN."""

    help = "Give certificates of custom domains to a proxy on this machine (see docs/custom-domains.md)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        try:
            run(
                settings.EDGE_AGENT_ADDRESS,
                token=settings.EDGE_AGENT_TOKEN,
                most=settings.EDGE_CONTEXTS,
            )
        except NotSafe as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            return
