"""Addresses of instances and their solutions."""

from django.urls import path

from organizations import views

app_name = "organizations"
urlpatterns = [
    path("instances/", views.instances, name="instances"),
    path("instances/<uuid:instance_id>/", views.detail, name="instance"),
    path("instances/<uuid:instance_id>/access/", views.access, name="access"),
    path("instances/<uuid:instance_id>/solutions/", views.solutions, name="solutions"),
    path("instances/<uuid:instance_id>/solutions/table/", views.solutions_table, name="solutions_table"),
]
