"""Fewer indexes to write, and room in each page so that a checkpoint stays in it (heap-only updates)."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0002_by_instance"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE jobs_job SET (fillfactor = 70); ALTER TABLE jobs_jobstep SET (fillfactor = 70);",
            "ALTER TABLE jobs_job RESET (fillfactor); ALTER TABLE jobs_jobstep RESET (fillfactor);",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="jobs_job_leases",
        ),
        migrations.RemoveIndex(
            model_name="job",
            name="jobs_job_newest",
        ),
        migrations.AlterField(
            model_name="job",
            name="cancel_requested_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="job",
            name="idempotency_key",
            field=models.CharField(max_length=120, null=True),
        ),
        migrations.AlterField(
            model_name="job",
            name="restart_of",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="restarts",
                to="jobs.job",
            ),
        ),
        migrations.AlterField(
            model_name="jobstep",
            name="job",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="jobs.job",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("state__in", ["cancelling", "running"])),
                fields=["id"],
                name="jobs_job_leases",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("restart_of__isnull", False)),
                fields=["restart_of"],
                name="jobs_job_restarts",
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("cancel_requested_by__isnull", False)),
                fields=["cancel_requested_by"],
                name="jobs_job_cancellers",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("idempotency_key__isnull", False)),
                fields=("idempotency_key",),
                name="jobs_job_once_per_request",
            ),
        ),
    ]
