"""The demo: Contoso, its people, and four portal add-ons that wait to be configured."""

import os

from django.db import transaction

from accounts.demo import load_people, set_password
from accounts.models import User
from organizations.demo import load_demo as load_organizations
from organizations.models import Instance
from provisioning.demo import load_add_ons


@transaction.atomic
def load_demo() -> None:
    """Load it once, into an installation that has neither people nor instances; DEMO_PASSWORD is everyone's.

    Later calls only see to it that DEMO_PASSWORD is what works: whoever was removed stays away, and whatever was
    changed stays changed.
    """
    password = os.environ.get("DEMO_PASSWORD", "")
    if User.objects.exists() or Instance.objects.exists():
        set_password(password)
        return
    load_organizations(load_people(password=password))
    load_add_ons()
