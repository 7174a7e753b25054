"""The demo: Contoso, its people, and four portal add-ons that wait to be configured."""

import os

from django.db import transaction

from accounts.demo import load_people
from organizations.demo import load_demo as load_organizations
from provisioning.demo import load_add_ons


@transaction.atomic
def load_demo() -> None:
    """Add what is missing; nothing that a person changed is touched. DEMO_PASSWORD is everyone's password."""
    people = load_people(password=os.environ.get("DEMO_PASSWORD", ""))
    load_organizations(people)
    load_add_ons()
