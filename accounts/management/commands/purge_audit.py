"""Removes old records of the audit trail, which nothing else can; nothing runs it by itself."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts.audit import retention


def _days(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text[:6]) < retention.LEAST or len(text) > 5:
        raise ArgumentTypeError(f"{text} is no number of days; give {retention.LEAST} or more")
    return int(text)


class Command(BaseCommand):
    help = "Remove audit records that are older than so many days. What was removed is written down itself."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=_days, required=True, metavar="DAYS")
        parser.add_argument("--dry-run", action="store_true", help="only say how many it would remove")

    def handle(self, *args: Any, **options: Any) -> None:
        days, dry_run = options["older_than"], options["dry_run"]
        removed = retention.purge(older_than=timedelta(days=days), dry_run=dry_run)
        verb = "Would remove" if dry_run else "Removed"
        self.stdout.write(f"{verb} {removed} audit records that are more than {days} days old.")
