from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "organizations"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Accounts lies below us and asks without knowing us.
        from accounts import rotation
        from accounts.permissions import register_role_source
        from jobs import listing, registry
        from organizations import trail
        from organizations.connect import place
        from organizations.installing import INSTALL, subjects
        from organizations.models import Connection
        from organizations.queries import organization_roles
        from organizations.remote_roles import forget as forget_remote_roles
        from organizations.remote_roles import roles as remote_roles

        register_role_source(organization_roles)
        register_role_source(remote_roles, forget=forget_remote_roles)
        listing.register_subjects("solutions_of", subjects)
        registry.register(INSTALL)
        trail.register()
        rotation.register(rotation.Column(Connection, "sealed", lambda row: place(row.instance_id)))
