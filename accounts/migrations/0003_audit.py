"""The audit trail: a table that the database itself lets nobody change, and words to search it by.

Triggers refuse UPDATE, DELETE and TRUNCATE. The only way out is the retention command (`manage.py purge_audit`), which
says in its transaction up to which moment it removes (`SET LOCAL portaladmin.audit_purge`); the trigger then lets go
what is older than that, and never what is younger than thirty days.

Works on any PostgreSQL from 14 on, without extensions.
"""

import uuid

import django.db.models.functions.datetime
from django.db import migrations, models

PROTECT = """
CREATE FUNCTION accounts_audit_protect() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    purge text := current_setting('portaladmin.audit_purge', true);
BEGIN
    IF TG_OP = 'DELETE' AND purge <> '' THEN
        IF OLD.at < purge::timestamptz AND OLD.at < now() - interval '30 days' THEN
            RETURN OLD;
        END IF;
    END IF;
    RAISE EXCEPTION 'The audit trail is only added to: % is refused.', TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'manage.py purge_audit removes what is old enough.';
END $$;
CREATE TRIGGER accounts_audit_protect BEFORE UPDATE OR DELETE ON accounts_auditrecord
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_protect();
CREATE TRIGGER accounts_audit_no_truncate BEFORE TRUNCATE ON accounts_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_audit_protect();
-- Also for sessions that switch ordinary triggers off (session_replication_role).
ALTER TABLE accounts_auditrecord ENABLE ALWAYS TRIGGER accounts_audit_protect;
ALTER TABLE accounts_auditrecord ENABLE ALWAYS TRIGGER accounts_audit_no_truncate;
"""
UNPROTECT = """
DROP TRIGGER accounts_audit_no_truncate ON accounts_auditrecord;
DROP TRIGGER accounts_audit_protect ON accounts_auditrecord;
DROP FUNCTION accounts_audit_protect();
"""

WORDS = r"""
-- Words as people search them: without case, accents and compatibility forms. One function for both sides.
CREATE FUNCTION accounts_audit_split(source text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT array_remove(regexp_split_to_array(
        lower(regexp_replace(normalize(coalesce(source, ''), NFKD), '[\u0300-\u036f]+', '', 'g')),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f]+'), '')
$$;

-- All words; those of who it was also with a mark before them, so that one index answers for both. The body is bound
-- when it is made (RETURN), since an index is built with a search path that knows nothing of ours.
CREATE FUNCTION accounts_audit_words(who text, what text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(accounts_audit_split(who) || accounts_audit_split(what)
        || coalesce((SELECT array_agg('@' || word) FROM unnest(accounts_audit_split(who)) AS word), '{}'));

-- Every word that was typed must begin a word of the record.
CREATE FUNCTION accounts_audit_wanted(mark text, typed text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (SELECT string_agg(quote_literal(mark || word) || ':*', ' & ')::tsquery
            FROM unnest(accounts_audit_split(typed)) AS word);

CREATE INDEX accounts_audit_by_words ON accounts_auditrecord USING gin (accounts_audit_words(
    actor || ' ' || login,
    subject_name || ' ' || subject_id || ' ' || about_id || ' ' || error_id || ' ' || code
        || ' ' || coalesce(host(address), '')));
"""
NO_WORDS = """
DROP INDEX accounts_audit_by_words;
DROP FUNCTION accounts_audit_wanted(text, text);
DROP FUNCTION accounts_audit_words(text, text);
DROP FUNCTION accounts_audit_split(text);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_user_language"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                (
                    "id",
                    models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), editable=False
                    ),
                ),
                ("person_id", models.BigIntegerField(null=True)),
                ("login", models.CharField(blank=True, default="", max_length=254)),
                ("actor", models.CharField(blank=True, default="", max_length=150)),
                ("verb", models.CharField(max_length=40)),
                ("result", models.CharField(max_length=10)),
                ("subject_kind", models.CharField(max_length=20)),
                ("subject_id", models.CharField(blank=True, default="", max_length=64)),
                ("subject_name", models.CharField(blank=True, default="", max_length=200)),
                ("about_kind", models.CharField(max_length=20)),
                ("about_id", models.CharField(blank=True, default="", max_length=64)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("code", models.CharField(blank=True, default="", max_length=60)),
                ("reason", models.TextField(blank=True, default="")),
                ("error_id", models.CharField(blank=True, default="", max_length=8)),
                ("address", models.GenericIPAddressField(null=True)),
                ("agent", models.CharField(blank=True, default="", max_length=200)),
                ("path", models.CharField(blank=True, default="", max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at", "id"], name="accounts_audit_newest"),
                    models.Index(fields=["verb", "at", "id"], name="accounts_audit_by_verb"),
                    models.Index(fields=["result", "at", "id"], name="accounts_audit_by_result"),
                    models.Index(fields=["subject_kind", "at", "id"], name="accounts_audit_by_kind"),
                    models.Index(fields=["subject_id", "at", "id"], name="accounts_audit_by_subject"),
                    models.Index(fields=["about_id", "at", "id"], name="accounts_audit_by_about"),
                    models.Index(
                        condition=models.Q(("error_id", ""), _negated=True),
                        fields=["error_id", "at", "id"],
                        name="accounts_audit_by_error_id",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("result__in", ["done", "unchanged", "refused", "failed"])),
                        name="accounts_audit_result_known",
                    )
                ],
            },
        ),
        migrations.RunSQL(PROTECT, UNPROTECT),
        migrations.RunSQL(WORDS, NO_WORDS),
    ]
