"""Addresses of the admin center."""

from allauth.account import views as account
from django.urls import include, path
from django.views.generic import RedirectView

from accounts import views as accounts
from accounts.audit import views as audit
from portaladmin import health, system

handler400 = "portaladmin.errors.bad_request"
handler404 = "portaladmin.errors.not_found"
handler500 = "portaladmin.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("system/", system.system, name="system"),
    path("", RedirectView.as_view(pattern_name="provisioning:applications"), name="home"),
    path("accounts/login/", account.login, name="account_login"),
    path("accounts/logout/", account.logout, name="account_logout"),
    path("accounts/language/", accounts.language, name="account_language"),
    path("audit/", audit.audit, name="audit"),
    path("audit/list/", audit.audit_list, name="audit-list"),
    path("audit/export.csv", audit.audit_csv, name="audit-csv"),
    path("", include("organizations.urls")),
    path("", include("provisioning.urls")),
    path("", include("domains.urls")),
    path("", include("jobs.urls")),
]
