from django.apps import AppConfig


class DomainsConfig(AppConfig):
    name = "domains"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import audit, rotation
        from domains import navigation, trail
        from domains import restarting as own
        from domains.models import BaseCertificate, Certificate
        from domains.workflows.bind import BIND
        from domains.workflows.unbind import RESOURCES, TEARDOWN, UNBIND
        from jobs import history, registry, restarting
        from provisioning import teardown
        from provisioning.subjects import WHO_MANAGES

        rules = restarting.Rules(why_not=own.why_not, who=WHO_MANAGES)
        for kind in (BIND, UNBIND):
            registry.register(kind)
            restarting.register(kind.name, rules)
        teardown.register(TEARDOWN)
        history.name_resources(RESOURCES)
        navigation.register_all()
        audit.register("certificate", trail.CERTIFICATE)
        audit.register_forms(trail.FORMS)
        for model in (Certificate, BaseCertificate):
            rotation.register(rotation.Column(model, "sealed_key", lambda row: row.key_place))
