from django.db import migrations, models

# Microseconds of the clock, and always more than before: a number that an edge has seen does not come again when the
# database was put back to an earlier state.
# What is served follows from these columns alone; `evidence` and the like change often and mean nothing to the edge.
BUMP = """
CREATE FUNCTION domains_edge_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO domains_edgerevision AS known (id, number) VALUES (1, (extract(epoch FROM clock_timestamp()) * 1e6)::bigint)
        ON CONFLICT (id) DO UPDATE SET number = greatest(known.number + 1, excluded.number);
    RETURN NULL;
END $$;
CREATE TRIGGER domains_edge_domains
    AFTER INSERT OR DELETE OR UPDATE OF hostname, certificate_id, published_at ON domains_customdomain
    FOR EACH STATEMENT EXECUTE FUNCTION domains_edge_changed();
CREATE TRIGGER domains_edge_certificates
    AFTER UPDATE OF chain, sealed_key, fingerprint, revision ON domains_certificate
    FOR EACH STATEMENT EXECUTE FUNCTION domains_edge_changed();
"""
UNDO = """
DROP TRIGGER domains_edge_domains ON domains_customdomain;
DROP TRIGGER domains_edge_certificates ON domains_certificate;
DROP FUNCTION domains_edge_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("domains", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="BaseCertificate",
            fields=[
                ("domain", models.CharField(max_length=253, primary_key=True, serialize=False)),
                (
                    "fingerprint",
                    models.CharField(help_text="SHA-256, lower-case hexadecimal.", max_length=64),
                ),
                ("chain", models.TextField(help_text="PEM")),
                (
                    "sealed_key",
                    models.TextField(help_text="PEM (PKCS #8), sealed for this row; see accounts.vault."),
                ),
                ("not_after", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="EdgeRevision",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="domains_one_edge_revision")
                ],
            },
        ),
        migrations.RunSQL(BUMP, UNDO),
    ]
