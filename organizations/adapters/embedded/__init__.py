"""The embedded organization: a Dynamics 365 organization in our own database, whole and real.

It keeps everything that the port speaks of in the tables of `organizations.models`, by instance.
"""

from organizations.adapters.embedded.organization import EmbeddedOrganization

__all__ = ["EmbeddedOrganization"]
