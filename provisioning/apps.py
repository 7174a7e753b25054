from functools import partial

from django.apps import AppConfig


class ProvisioningConfig(AppConfig):
    name = "provisioning"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import rotation
        from jobs import history, listing, registry, restarting
        from organizations import dependents
        from provisioning import policies, trail, values
        from provisioning.binding import bound_to
        from provisioning.languages import portals_in
        from provisioning.models import Portal, secret_place
        from provisioning.services import restart
        from provisioning.subjects import WHO_MANAGES, portals
        from provisioning.teardown import RESOURCES
        from provisioning.workflows.instance_url import INSTANCE_URL
        from provisioning.workflows.instance_url import values as instance_url_values
        from provisioning.workflows.packages import PACKAGES
        from provisioning.workflows.provision import PROVISION
        from provisioning.workflows.reset import RESET
        from provisioning.workflows.translations import TRANSLATIONS

        listing.register_subjects("portal_id", portals)
        history.name_resources(RESOURCES)
        history.register_values(PROVISION.name, values.shown)
        history.register_values(INSTANCE_URL.name, instance_url_values)
        for kind, rule, begin in (
            (PROVISION, policies.no_new_provisioning, restart.again),
            (PACKAGES, policies.no_new_packages, restart.again),
            (TRANSLATIONS, policies.no_new_translations, restart.again),
            (RESET, policies.no_new_reset, restart.reset_again),
            (INSTANCE_URL, policies.no_new_instance_update, restart.again),
        ):
            why_not = partial(policies.why_not, rule)
            restarting.register(kind.name, restarting.Rules(why_not=why_not, begin=begin, who=WHO_MANAGES))
        registry.register(PROVISION)
        registry.register(PACKAGES)
        registry.register(RESET)
        registry.register(TRANSLATIONS)
        registry.register(INSTANCE_URL)
        dependents.register(portals_in)
        dependents.register_bound(bound_to)
        rotation.register(rotation.Column(Portal, "client_secret", lambda portal: secret_place(portal.pk)))
        trail.register()
