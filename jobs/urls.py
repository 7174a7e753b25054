"""Addresses of jobs."""

from django.urls import path

from jobs import views, views_failed, views_list

app_name = "jobs"
urlpatterns = [
    path("jobs/", views_list.jobs_page, name="list"),
    path("jobs/list/", views_list.jobs_list, name="list-fragment"),
    path("jobs/failed/", views_failed.failed, name="failed"),
    path("jobs/<uuid:job_id>/", views.detail, name="detail"),
    path("jobs/<uuid:job_id>/status/", views.status, name="status"),
    path("jobs/<uuid:job_id>/restart/", views.restart, name="restart"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
]
