"""Brings the catalogs in locale/ to the texts of the code: new ones come empty, gone ones go."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portaladmin.catalogs.updating import update


class Command(BaseCommand):
    help = "Update locale/*/LC_MESSAGES/django.po from templates and modules; tells what waits for a translation."

    def handle(self, *args: Any, **options: Any) -> None:
        for language, _ in settings.LANGUAGES:
            if language == settings.LANGUAGE_CODE:  # the texts themselves
                continue
            waiting = update(language)
            self.stdout.write(f"{language}: {waiting} without a translation")
