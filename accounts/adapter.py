"""What of allauth's behaviour differs here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People come from the directory: nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """The right password of an account that is switched off."""
        messages.error(
            request, "This account is switched off. Contact the administrator of your organization."
        )
        return redirect("account_login")

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **options: Any,
    ) -> None:
        """Signing in and out shows by itself; everything else is said."""
        quiet = {"account/messages/logged_in.txt", "account/messages/logged_out.txt"}
        if message_template not in quiet:
            super().add_message(request, level, message_template, *args, **options)
