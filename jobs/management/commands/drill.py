"""Breaks the drill's own jobs, workers and messages on this installation, and says what held (`make drill`)."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from jobs.drill.conduct import Busy, conduct
from jobs.drill.exercises import EXERCISES, told_to_go


class Command(BaseCommand):
    help = "Kill the drill's own workers, double and lose its own messages, and say what held."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", nargs="+", choices=sorted(EXERCISES), default=[], metavar="EXERCISE")
        parser.add_argument("--patience", type=float, default=60.0, help="seconds to wait for anything")

    def handle(self, *args: Any, **options: Any) -> None:
        # Told to go, it still takes its workers and rows away.
        signal.signal(signal.SIGTERM, lambda *_: told_to_go.set())
        try:
            held = conduct(say=self._say, patience=options["patience"], only=options["only"])
        except Busy as error:
            raise CommandError(str(error)) from error
        if not held:
            raise CommandError("Something did not hold.")
        self._say("Everything held: nothing was lost, nothing was done twice.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
