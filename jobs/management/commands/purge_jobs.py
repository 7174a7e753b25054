"""Removes finished jobs that nobody needs any more; the scheduler does it every night (`jobs.purge`)."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from jobs import retention


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError(f"{text} is no number of days; give 1 or more")
    return int(text)


class Command(BaseCommand):
    help = "Remove jobs that ended long ago, save those that a portal or a resource still stands on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=_days, default=retention.DAYS, metavar="DAYS")
        parser.add_argument("--dry-run", action="store_true", help="only say how many it would remove")

    def handle(self, *args: Any, **options: Any) -> None:
        purged = retention.purge(older_than=timedelta(days=options["older_than"]), dry_run=options["dry_run"])
        verb = "Would remove" if options["dry_run"] else "Removed"
        self.stdout.write(
            f"{verb} {purged.removed} jobs that ended more than {options['older_than']} days ago; "
            f"{purged.kept} older ones are still needed."
        )
