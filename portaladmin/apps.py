from django.apps import AppConfig


class PortaladminConfig(AppConfig):
    name = "portaladmin"

    def ready(self) -> None:
        # Every process of ours rings doorbells, so every one needs the application as Celery's current one. Not in
        # `portaladmin/__init__.py`: the set-up runs from this package before anything is installed.
        from portaladmin import celery  # noqa: F401
