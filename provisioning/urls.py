"""Addresses of the Applications tab and of the Portal Admin Center."""

from django.urls import path

from provisioning.views import actions, applications, configure, instance, owners, portal, translations

app_name = "provisioning"
urlpatterns = [
    path("applications/", applications.applications, name="applications"),
    path("applications/list/", applications.applications_list, name="applications-list"),
    path("applications/export.csv", applications.export_csv, name="applications-csv"),
    path("applications/add/", applications.add, name="add"),
    path("help/reset/", actions.reset_help, name="reset-help"),
    path("privacy/", configure.privacy, name="privacy"),
    path("portals/<uuid:portal_id>/", portal.manage, name="portal"),
    path("portals/<uuid:portal_id>/configure/", configure.configure, name="configure"),
    path("portals/<uuid:portal_id>/configure/instance/", configure.instance_options, name="instance-options"),
    path("portals/<uuid:portal_id>/configure/kinds/", configure.kind_options, name="kind-options"),
    path("portals/<uuid:portal_id>/configure/url/", configure.url_check, name="url-check"),
    path("portals/<uuid:portal_id>/convert/", portal.convert, name="convert"),
    path("portals/<uuid:portal_id>/terms/", configure.accept, name="terms"),
    path("portals/<uuid:portal_id>/details/", portal.details, name="details"),
    path("portals/<uuid:portal_id>/owners/", owners.add_owner, name="add-owner"),
    path("portals/<uuid:portal_id>/actions/", actions.actions, name="actions"),
    path("portals/<uuid:portal_id>/reset/", actions.reset, name="reset"),
    path("portals/<uuid:portal_id>/translations/", translations.translations, name="translations"),
    path("portals/<uuid:portal_id>/instance/", instance.instance, name="instance"),
    path("portals/<uuid:portal_id>/instance/restart/", instance.restart, name="instance-restart"),
    path("portals/<uuid:portal_id>/provision/change/", configure.change, name="change"),
    path("portals/<uuid:portal_id>/provision/restart/", portal.restart, name="restart"),
]
