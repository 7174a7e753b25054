"""Builds the solution packages from their sources, to look at or to import elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from organizations.packages import catalog


class Command(BaseCommand):
    help = "Build every solution package that comes with the admin center as <unique name>.zip."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output", default=settings.DATA_DIR / "packages", help="Folder for the zip files."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(options["output"])
        folder.mkdir(parents=True, exist_ok=True)
        for solution in catalog.shipped():
            target = folder / f"{solution.unique_name}.zip"
            target.write_bytes(catalog.load(solution.unique_name))
            self.stdout.write(f"{solution.friendly_name} {solution.version}: {target}")
