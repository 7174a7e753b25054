"""Addresses of a portal: the root of every host `<subdomain>.<base domain>`."""

from django.urls import path, re_path

from sites import views

urlpatterns = [
    path("theme.css", views.theme_css),
    path("robots.txt", views.robots),
    path("sitemap.xml", views.sitemap),
    # Everything else, whatever characters it is made of, is for the portal's pages to know.
    re_path("", views.page),
]

handler400 = handler403 = handler404 = views.refused
handler500 = views.failed
