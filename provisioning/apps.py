from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs import listing, registry
        from provisioning.subjects import portals
        from provisioning.workflows.packages import PACKAGES
        from provisioning.workflows.provision import PROVISION
        from provisioning.workflows.reset import RESET

        listing.register_subjects("portal_id", portals)
        registry.register(PROVISION)
        registry.register(PACKAGES)
        registry.register(RESET)
