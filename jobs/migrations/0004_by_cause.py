"""Failed jobs by their cause, for who restarts them together."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0003_lighter_writes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state__in", ["blocked", "failed", "quarantined"])),
                fields=["kind", "error_code", "-created_at"],
                name="jobs_job_by_cause",
            ),
        ),
    ]
