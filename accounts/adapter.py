"""What of allauth's behaviour differs here; every sign-in, and every try, goes to the audit trail."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import audit
from accounts.audit.subjects import Subject
from accounts.audit.verbs import Verb
from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People come from the directory: nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    @transaction.atomic
    def login(self, request: HttpRequest, user: User) -> None:
        super().login(request, user)
        audit.record(Verb.SIGN_IN, subject=_person(user), by=user)

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            audit.record(Verb.SIGN_OUT, subject=_person(request.user), by=request.user)
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises ValidationError after too many tries."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            audit.refused(Verb.SIGN_IN, subject=_tried(credentials), error=error)
            raise

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        audit.refused(Verb.SIGN_IN, subject=_tried(credentials), code="wrong_password_or_address")

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        """The right password of an account that is switched off."""
        audit.refused(Verb.SIGN_IN, subject=_person(user), code="switched_off")
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


def _person(user: User) -> Subject:
    return Subject("person", str(user.pk), user.email)


def _tried(credentials: dict[str, Any]) -> Subject:
    """The address that was tried, whether there is such an account or not; never the password."""
    return Subject("person", name=str(credentials.get("email", "")))
