"""Writes docs/states.md from jobs/states.py."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from jobs.states import document


class Command(BaseCommand):
    help = "Write docs/states.md from the table of transitions."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "states.md"
        path.write_text(document())
        self.stdout.write(f"Wrote {path.relative_to(settings.BASE_DIR)}.")
