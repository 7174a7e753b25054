"""What of allauth's behaviour differs here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """People come from the directory: nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
