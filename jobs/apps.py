from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from jobs import (
            trail,
            worker,  # noqa: F401 - connects to Celery's signals
        )

        trail.register()
