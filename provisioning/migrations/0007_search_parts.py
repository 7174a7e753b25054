"""The parts of names that a search looks for are kept in a column beside the key.

As an expression of the index they were computed anew for every row that the planner read in order and not by the
index, as it does for a text that most rows contain: a sixth of a millisecond a row. No model names the column, so no
page reads it.
"""

from django.db import migrations

_FUNCTION = r"""
CREATE OR REPLACE FUNCTION provisioning_keep_listing_keys() RETURNS trigger LANGUAGE plpgsql AS $$
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
    %s
    RETURN NEW;
END $$;
"""
_KEEP_PARTS = "NEW.search_parts := provisioning_grams(NEW.search_key);"
_INDEX = (
    "CREATE INDEX provisioning_portal_parts ON provisioning_portal USING gin (%s) WITH (fastupdate = off);"
)

FORWARDS = f"""
DROP INDEX provisioning_portal_parts;
ALTER TABLE provisioning_portal ADD COLUMN search_parts text[] NOT NULL DEFAULT '{{}}';
{_FUNCTION % _KEEP_PARTS}
UPDATE provisioning_portal SET search_key = '-';
{_INDEX % "search_parts"}
"""  # noqa: S608 - constants of this module
BACKWARDS = f"""
DROP INDEX provisioning_portal_parts;
{_FUNCTION % ""}
ALTER TABLE provisioning_portal DROP COLUMN search_parts;
{_INDEX % "provisioning_grams(search_key)"}
"""


class Migration(migrations.Migration):
    dependencies = [("provisioning", "0006_draft_revision")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
