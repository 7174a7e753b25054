"""What a person fills in to connect an organization, or to let a program into one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from organizations.connections import Wanted
from organizations.dataverse import http
from organizations.dataverse.addresses import Forbidden
from organizations.dataverse.credentials import MAX_FILE, Unusable, read_certificate
from organizations.models import Connection, Instance, SecurityRole

_TENANT = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,98}", re.ASCII)
_TEXT = {"class": "form-control"}
_CODE = {"class": "form-control", "autocomplete": "off", "spellcheck": "false", "dir": "ltr"}


class ConnectionForm(forms.Form):
    """An organization of Dynamics 365. `instance` is the one that is changed: its secret is kept if none is given."""

    name = forms.CharField(label=_("Name"), max_length=160, widget=forms.TextInput(attrs=_TEXT))
    url = forms.CharField(
        label=_("URL"),
        max_length=300,
        widget=forms.TextInput(
            attrs={**_CODE, "inputmode": "url", "placeholder": "https://contoso.crm.dynamics.com"}
        ),
    )
    type = forms.ChoiceField(
        label=_("Type"), choices=Instance.Type.choices, widget=forms.Select(attrs={"class": "form-select"})
    )
    tenant = forms.CharField(
        label=_("Directory (tenant) ID"), max_length=100, widget=forms.TextInput(attrs=_CODE)
    )
    client_id = forms.UUIDField(
        label=_("Application (client) ID"),
        error_messages={
            "invalid": _("An application ID has the form of 00000000-0000-0000-0000-000000000000.")
        },
        widget=forms.TextInput(attrs=_CODE),
    )
    proof = forms.ChoiceField(
        label=_("The application proves its identity with"),
        choices=Connection.Proof.choices,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )
    secret = forms.CharField(
        label=_("Client secret"),
        required=False,
        strip=True,
        max_length=400,
        widget=forms.PasswordInput(attrs={**_CODE, "autocomplete": "new-password"}),
    )
    file = forms.FileField(
        label=_("Certificate with its private key (.pfx or .pem)"),
        required=False,
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".pfx,.p12,.pem"}),
    )
    password = forms.CharField(
        label=_("Password of the file"),
        required=False,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={**_CODE, "autocomplete": "new-password"}),
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: MultiValueDict[str, UploadedFile[Any]] | None = None,
        *,
        instance: Instance | None = None,
    ) -> None:
        connection = Connection.objects.filter(instance=instance).first() if instance else None
        initial: dict[str, Any] = {"proof": Connection.Proof.SECRET, "type": Instance.Type.PRODUCTION}
        if instance is not None:
            initial |= {"name": instance.name, "url": instance.url, "type": instance.type}
        if connection is not None:
            initial |= {
                "tenant": connection.tenant,
                "client_id": connection.client_id,
                "proof": connection.proof,
            }
        super().__init__(data, files, initial=initial)
        self._instance, self._connection = instance, connection
        self._pem = ""

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if self._others().filter(name__iexact=name).exists():
            raise ValidationError(gettext("There is an instance of this name already."), code="name_taken")
        return name

    def clean_url(self) -> str:
        try:
            url = http.of_url(self.cleaned_data["url"]).url
        except Forbidden as error:
            raise ValidationError(gettext(str(error)), code="address_forbidden") from error
        if self._others().filter(url__in=[url, f"{url}/"]).exists():
            raise ValidationError(
                gettext("There is an instance with this address already."), code="url_taken"
            )
        return url

    def _others(self) -> Any:
        return Instance.objects.exclude(pk=self._instance.pk) if self._instance else Instance.objects.all()

    def clean_tenant(self) -> str:
        tenant = str(self.cleaned_data["tenant"])
        if not _TENANT.fullmatch(tenant):
            raise ValidationError(
                gettext("The directory's ID or domain has letters, digits, dots and hyphens."),
                code="bad_tenant",
            )
        return tenant

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("proof") == Connection.Proof.SECRET:
            self._check_secret(cleaned)
        elif cleaned.get("proof") == Connection.Proof.CERTIFICATE:
            self._check_certificate(cleaned)
        return cleaned

    def _keeps(self, cleaned: Mapping[str, Any]) -> bool:
        return self._connection is not None and self._connection.proof == cleaned["proof"]

    def _check_secret(self, cleaned: Mapping[str, Any]) -> None:
        if not cleaned.get("secret") and "secret" not in self.errors and not self._keeps(cleaned):
            self.add_error("secret", ValidationError(gettext("Enter the client secret."), code="no_secret"))

    def _check_certificate(self, cleaned: Mapping[str, Any]) -> None:
        file = cleaned.get("file")
        if file is None:
            if "file" not in self.errors and not self._keeps(cleaned):
                self.add_error("file", ValidationError(gettext("Choose the file."), code="no_file"))
            return
        try:
            self._pem = read_certificate(file.read(MAX_FILE + 1), cleaned.get("password") or "")
        except Unusable as error:
            self.add_error("file", ValidationError(gettext(str(error)), code="bad_certificate"))

    def wanted(self) -> Wanted:
        """Call is_valid() first."""
        data = self.cleaned_data
        secret = data["secret"] if data["proof"] == Connection.Proof.SECRET else ""
        return Wanted(
            data["name"], data["url"], data["type"], data["tenant"], data["client_id"], secret, self._pem
        )


class ClientForm(forms.Form):
    """A program that may use an embedded organization's Web API."""

    name = forms.CharField(label=_("Name"), max_length=100, widget=forms.TextInput(attrs=_TEXT))
    roles = forms.ModelMultipleChoiceField(
        label=_("Security roles"),
        queryset=SecurityRole.objects.none(),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "form-check-input"}),
        error_messages={"required": _("Choose at least one security role.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, instance: Instance) -> None:
        super().__init__(data)
        field = self.fields["roles"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = SecurityRole.objects.filter(instance=instance)
