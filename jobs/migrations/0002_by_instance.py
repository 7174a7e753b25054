"""Jobs of an organization, newest first, for those who administer it."""

from django.db import migrations

INDEX = """
CREATE INDEX jobs_job_by_instance ON jobs_job ((inputs ->> 'instance_id'), created_at, id)
    WHERE (inputs ->> 'instance_id') IS NOT NULL;
CREATE INDEX jobs_job_oldest_first ON jobs_job (created_at, id);
"""


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.RunSQL(INDEX, "DROP INDEX jobs_job_by_instance; DROP INDEX jobs_job_oldest_first;")
    ]
