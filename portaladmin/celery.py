"""The Celery application. A message is only a doorbell; see jobs/doorbell.py."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portaladmin.settings")

app = Celery("portaladmin", set_as_current=True)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "purge-jobs": {"task": "jobs.purge", "schedule": crontab(hour="3", minute="47")},
    "warn-of-expiry": {"task": "domains.warn_of_expiry", "schedule": crontab(hour="5", minute="7")},
    "recheck-domains": {"task": "domains.recheck", "schedule": crontab(hour="4", minute="23")},
    "clear-tokens": {"task": "organizations.clear_tokens", "schedule": crontab(hour="3", minute="27")},
    "clear-sessions": {"task": "accounts.clear_sessions", "schedule": crontab(hour="3", minute="17")},
}
