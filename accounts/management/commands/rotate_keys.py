"""Re-encrypts what is sealed in the database under the newest of ENCRYPTION_KEYS."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts import rotation


class Command(BaseCommand):
    help = (
        "Re-encrypt every stored secret with the newest key of ENCRYPTION_KEYS, and prove that none is left under an "
        "older one. First give the new key to every process (ENCRYPTION_KEYS=1:old,2:new, restart), then run this, "
        "then take the old one away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        outcomes = rotation.rotate()
        for outcome in outcomes:
            self.stdout.write(f"{outcome.name}: {outcome.moved} re-encrypted, {outcome.left} left")
            for pk in outcome.unopened:
                self.stderr.write(f"{outcome.name} of {pk} does not open with the configured keys.")
        if any(outcome.left for outcome in outcomes):
            raise CommandError("Not everything is under the newest key, so no old key may be removed.")
        self.stdout.write(
            f"Everything is under key {max(settings.ENCRYPTION_KEYS)}; older keys are not needed."
        )
