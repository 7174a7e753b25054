"""Addresses of certificates and custom domains."""

from django.urls import path

from domains.views import certificates, portal, wizard

app_name = "domains"
urlpatterns = [
    path("certificates/", certificates.certificates, name="certificates"),
    path("certificates/<uuid:certificate_id>/", certificates.certificate, name="certificate"),
    path("certificates/<uuid:certificate_id>/delete/", certificates.delete, name="delete-certificate"),
    path("portals/<uuid:portal_id>/domains/", portal.domains, name="domains"),
    path("portals/<uuid:portal_id>/domains/add/", wizard.add, name="add"),
    path("portals/<uuid:portal_id>/domains/add/evidence/", wizard.evidence, name="evidence"),
    path("portals/<uuid:portal_id>/domains/restart/", wizard.restart, name="restart"),
    path("portals/<uuid:portal_id>/domains/remove/", portal.remove, name="remove"),
]
