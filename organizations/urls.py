"""Addresses of instances and their solutions."""

from django.urls import path

from organizations import views, views_list

app_name = "organizations"
urlpatterns = [
    path("instances/", views_list.instances, name="instances"),
    path("instances/list/", views_list.instances_list, name="instances-list"),
    path("instances/<uuid:instance_id>/", views.detail, name="instance"),
    path("instances/<uuid:instance_id>/access/", views.access, name="access"),
    path("instances/<uuid:instance_id>/solutions/", views.solutions, name="solutions"),
    path("instances/<uuid:instance_id>/solutions/table/", views.solutions_table, name="solutions_table"),
]
