"""A Celery worker that knows the toys beside the product's own kinds: `python -m tests.jobs.toyworker worker …`."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portaladmin.settings")
django.setup()

from portaladmin.celery import app  # noqa: E402 - after the settings
from tests.jobs import toys  # noqa: E402

toys.register()

if __name__ == "__main__":
    app.start(sys.argv[1:])
