"""Addresses of instances and their solutions."""

from django.urls import path

from organizations import (
    views,
    views_address,
    views_connection,
    views_labels,
    views_languages,
    views_list,
    views_solutions,
)

app_name = "organizations"
urlpatterns = [
    path("instances/", views_list.instances, name="instances"),
    path("instances/add/", views_connection.add, name="add-instance"),
    path("instances/list/", views_list.instances_list, name="instances-list"),
    path("instances/<uuid:instance_id>/", views.detail, name="instance"),
    path("instances/<uuid:instance_id>/access/", views.access, name="access"),
    path("instances/<uuid:instance_id>/address/", views_address.address, name="address"),
    path("instances/<uuid:instance_id>/connection/", views_connection.connection, name="connection"),
    path("instances/<uuid:instance_id>/connection/edit/", views_connection.edit, name="connection-edit"),
    path("instances/<uuid:instance_id>/solutions/", views_solutions.solutions, name="solutions"),
    path("instances/<uuid:instance_id>/solutions/table/", views_solutions.table, name="solutions_table"),
    path("instances/<uuid:instance_id>/solutions/retry/", views_solutions.retry, name="retry"),
    path("instances/<uuid:instance_id>/solutions/upload/", views_solutions.upload, name="upload"),
    path("instances/<uuid:instance_id>/languages/", views_languages.languages, name="languages"),
    path("instances/<uuid:instance_id>/labels/", views_labels.labels, name="labels"),
]
