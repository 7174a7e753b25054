"""What the Applications tab sorts and searches by, kept by the database itself, so that no way of writing forgets it.

Works on any PostgreSQL from 14 on, without extensions: letters are folded by `lower`, which knows all scripts unless
the database was made with the locale C of the C library; parts of names are found by a GIN index over arrays.
"""

from django.conf import settings
from django.db import migrations, models

FUNCTIONS = r"""
-- Names as people search them: without case, accents and compatibility forms. One function for both sides.
CREATE FUNCTION provisioning_fold(source text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT left(normalize(translate(replace(
        lower(regexp_replace(normalize(source, NFKD), '[\u0300-\u036f]+', '', 'g')),
        'ß', 'ss'), 'ıς', 'iσ'), NFC), 200)
$$;

-- Every part of one, two or three characters.
CREATE FUNCTION provisioning_grams(source text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
    SELECT coalesce(array_agg(DISTINCT substr(source, place, size)), '{}')
    FROM generate_series(1, length(source)) AS place, generate_series(1, 3) AS size
    WHERE place + size - 1 <= length(source)
$$;

-- Parts that a name must have to contain the text: as few as cover it.
CREATE FUNCTION provisioning_wanted_grams(wanted text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE
        WHEN wanted = '' THEN '{}'
        WHEN length(wanted) < 3 THEN ARRAY[wanted]
        ELSE (SELECT array_agg(DISTINCT substr(wanted, least(place, length(wanted) - 2), 3))
              FROM generate_series(1, length(wanted), 3) AS place)
    END
$$;

CREATE FUNCTION provisioning_keep_listing_keys() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    instance_name text;
    owner_name text;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.name, NEW.subdomain, NEW.instance_id, NEW.owner_id,
                             NEW.search_key, NEW.instance_key, NEW.owner_key)
        IS NOT DISTINCT FROM (OLD.name, OLD.subdomain, OLD.instance_id, OLD.owner_id,
                              OLD.search_key, OLD.instance_key, OLD.owner_key) THEN
        RETURN NEW;
    END IF;
    SELECT name INTO instance_name FROM organizations_instance WHERE id = NEW.instance_id;
    SELECT coalesce(nullif(display_name, ''), email) INTO owner_name FROM accounts_user WHERE id = NEW.owner_id;
    NEW.instance_key := coalesce(provisioning_fold(instance_name), '');
    NEW.owner_key := coalesce(provisioning_fold(owner_name), '');
    NEW.search_key := provisioning_fold(coalesce(nullif(NEW.name, ''), 'Portal Add-On'))
        || E'\n' || NEW.subdomain || E'\n' || NEW.instance_key;
    RETURN NEW;
END $$;
CREATE TRIGGER provisioning_listing_keys BEFORE INSERT OR UPDATE ON provisioning_portal
    FOR EACH ROW EXECUTE FUNCTION provisioning_keep_listing_keys();

-- Renaming an instance or a person makes their portals' keys anew: the trigger above sees that a key was touched.
CREATE FUNCTION provisioning_instance_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.name IS DISTINCT FROM OLD.name THEN
        UPDATE provisioning_portal SET instance_key = '-' WHERE instance_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER provisioning_instance_renamed AFTER UPDATE ON organizations_instance
    FOR EACH ROW EXECUTE FUNCTION provisioning_instance_renamed();

CREATE FUNCTION provisioning_owner_renamed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.display_name, NEW.email) IS DISTINCT FROM (OLD.display_name, OLD.email) THEN
        UPDATE provisioning_portal SET owner_key = '-' WHERE owner_id = NEW.id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER provisioning_owner_renamed AFTER UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION provisioning_owner_renamed();

UPDATE provisioning_portal SET search_key = '-';

-- Portals are read far more often than written, so new rows go into the index at once instead of onto its waiting list.
CREATE INDEX provisioning_portal_parts ON provisioning_portal USING gin (provisioning_grams(search_key))
    WITH (fastupdate = off);
"""

BACK = """
DROP INDEX provisioning_portal_parts;
DROP TRIGGER provisioning_owner_renamed ON accounts_user;
DROP TRIGGER provisioning_instance_renamed ON organizations_instance;
DROP TRIGGER provisioning_listing_keys ON provisioning_portal;
DROP FUNCTION provisioning_owner_renamed();
DROP FUNCTION provisioning_instance_renamed();
DROP FUNCTION provisioning_keep_listing_keys();
DROP FUNCTION provisioning_wanted_grams(text);
DROP FUNCTION provisioning_grams(text);
DROP FUNCTION provisioning_fold(text);
"""


def key() -> models.TextField:
    return models.TextField(db_collation="C", default="", editable=False)


class Migration(migrations.Migration):
    dependencies = [
        ("provisioning", "0003_add_ons"),
        ("organizations", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("portal", "search_key", key()),
        migrations.AddField("portal", "instance_key", key()),
        migrations.AddField("portal", "owner_key", key()),
        migrations.RunSQL(FUNCTIONS, BACK),
        migrations.AddIndex("portal", models.Index(fields=["search_key", "id"], name="provisioning_by_name")),
        migrations.AddIndex(
            "portal", models.Index(fields=["phase", "search_key", "id"], name="provisioning_by_phase")
        ),
        migrations.AddIndex(
            "portal",
            models.Index(fields=["instance_key", "search_key", "id"], name="provisioning_by_inst_name"),
        ),
        migrations.AddIndex(
            "portal", models.Index(fields=["owner_key", "search_key", "id"], name="provisioning_by_owner")
        ),
        migrations.AddIndex(
            "portal",
            models.Index(
                models.ExpressionWrapper(
                    models.Q(opened_at__isnull=True), output_field=models.BooleanField()
                ),
                models.F("search_key"),
                models.F("id"),
                name="provisioning_by_status",
            ),
        ),
    ]
