"""Brings the database and the static files to this release; run before the web and worker processes start."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from portaladmin.catalogs.compiling import compile_catalogs
from portaladmin.demo import load_demo


class Command(BaseCommand):
    help = "Migrate, compile catalogs, collect static files, …; --demo adds the demo organization once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="load Contoso and its people (password: DEMO_PASSWORD)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        compile_catalogs(settings.DATA_DIR / "locale")
        if not settings.DEBUG:
            call_command("collectstatic", interactive=False, verbosity=0)
        if options["demo"]:
            load_demo()
        self.stdout.write("Prepared.")
