"""Forms of certificates and of the wizard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from accounts import formats
from accounts.language import spoken
from accounts.words import Refusal
from domains import choices, hostnames, queries
from domains.certificates import keeping
from domains.certificates.judging import Judged
from domains.certificates.refusals import LARGEST_FILE, FileRefused
from domains.models import Certificate, CustomDomain
from organizations.models import Instance
from provisioning.models import Portal

if TYPE_CHECKING:
    from accounts.models import User

Files = MultiValueDict[str, Any] | None
# Refusals that the other field can mend.
_OF_PASSWORD = frozenset({"bad_password_or_damaged", "password_too_long"})


class UploadForm(forms.Form):
    """A .pfx file and its password."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".pfx,.p12,application/x-pkcs12"}),
    )
    password = forms.CharField(
        label=_("Password"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    @sensitive_variables()
    def judged(self, user: User) -> Judged | None:
        """What is in the file; None when it is refused, with the error beside its field. Call is_valid() first."""
        file = self.cleaned_data.get("file")
        try:
            if file is None:
                raise FileRefused("no_file")
            if file.size >= LARGEST_FILE:
                raise FileRefused("too_large")
            return keeping.read(data=file.read(), password=self.cleaned_data["password"], user=user)
        except Refusal as error:
            self.refuse(error)
            return None

    def refuse(self, error: Refusal) -> None:
        """Show a refusal beside the field that it is about."""
        code = getattr(error, "code", "invalid")
        field = "password" if code in _OF_PASSWORD else "file"
        self.add_error(field, ValidationError(spoken(error), code=code))


class CertificateForm(UploadForm):
    """The same for one of the organizations whose certificates a person manages."""

    # Preselected: a request that names none means the one that the page shows.
    instance = forms.ChoiceField(
        label=_("Dynamics 365 Instance"),
        required=False,
        error_messages={"invalid_choice": _("You do not manage the certificates of this instance.")},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Files = None,
        *,
        instances: Sequence[Instance],
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, files, initial=dict(initial or {}))
        field = self.fields["instance"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(instance.pk), instance.name) for instance in instances]


class CertificateStepForm(UploadForm):
    """Choose a SSL certificate: upload one, or use one that the organization has."""

    source = forms.CharField(required=False)
    certificate = forms.ChoiceField(
        label=_("Certificate"),
        required=False,
        error_messages={"invalid_choice": _("This certificate is not there any more. Choose another one.")},
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        files: Files = None,
        *,
        offered: Sequence[choices.Offered],
        chosen: UUID | None = None,
    ) -> None:
        super().__init__(data, files, initial={"certificate": str(chosen or "")})
        self.offered = offered
        field = self.fields["certificate"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", gettext("Select a certificate")), *((one.id, "") for one in offered)]
        self.chosen = str(chosen or "")

    @property
    def is_existing(self) -> bool:
        """Which of the two ways is meant; a request that does not say it tells by what it brings."""
        if not self.is_bound:
            return bool(self.chosen)
        if source := self.data.get("source"):
            return bool(source == "existing")
        return bool(self.data.get("certificate")) and "file" not in self.files

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        if self.is_existing and "certificate" not in self.errors:
            self.chosen = values.get("certificate", "")
            self._check_existing()
        return values

    def _check_existing(self) -> None:
        chosen = self.existing()
        if chosen is None:
            self.add_error(
                "certificate", ValidationError(gettext("Select a certificate."), code="certificate_missing")
            )
        elif reason := choices.why_not(chosen, host="", now=timezone.now()):
            self.add_error("certificate", ValidationError(reason, code="expired"))

    def existing(self) -> Certificate | None:
        """The certificate of the drop-down list."""
        return next((one.certificate for one in self.offered if one.id == self.chosen), None)


class HostStepForm(forms.Form):
    """Add a new hostname, or use the one that the portal has."""

    host_source = forms.CharField(required=False)
    hostname = forms.CharField(
        label=_("Domain Name"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "dir": "ltr"}
        ),
    )
    existing_hostname = forms.CharField(required=False, max_length=1000)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        portal: Portal,
        certificate: Certificate,
        domain: CustomDomain | None,
        initial: str = "",
    ) -> None:
        super().__init__(data, initial={"hostname": initial})
        self.portal, self.certificate, self.domain = portal, certificate, domain

    @property
    def is_existing(self) -> bool:
        if not self.is_bound:
            return self.domain is not None
        if source := self.data.get("host_source"):
            return bool(source == "existing")
        return bool(self.data.get("existing_hostname")) and not self.data.get("hostname")

    @property
    def is_fixed(self) -> bool:
        """The portal has a host name that is served: no other one can be added."""
        return self.domain is not None and self.domain.published_at is not None

    @property
    def field_name(self) -> str:
        return "existing_hostname" if self.is_existing else "hostname"

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        if self.field_name not in self.errors:
            try:
                values["host"] = self._host(values)
            except hostnames.HostRefused as error:
                self.add_error(self.field_name, ValidationError(spoken(error), code=error.code))
            except ValidationError as error:
                self.add_error(self.field_name, error)
        return values

    def _host(self, values: dict[str, Any]) -> str:
        if self.is_existing:
            if self.domain is None or values["existing_hostname"] not in ("", self.domain.hostname):
                raise ValidationError(gettext("This portal has no such host name."), code="hostname_unknown")
            host = self.domain.hostname
        else:
            host = hostnames.host_name(values["hostname"], own=queries.own_names())
            # A name that was never served is simply chosen anew.
            if self.is_fixed and self.domain is not None and self.domain.hostname != host:
                sentence = gettext(
                    "Only one custom domain name can be added to a portal. Remove %(host)s first."
                )
                raise ValidationError(sentence % {"host": self.domain.hostname}, code="one_domain_only")
        if queries.claimed_by_another(host, portal_id=self.portal.pk):
            sentence = gettext("%(host)s belongs to another portal. Remove it there first.")
            raise ValidationError(sentence % {"host": host}, code="hostname_taken")
        if not hostnames.covered(self.certificate.names, host):
            raise ValidationError(not_covered(self.certificate, host), code="host_mismatch")
        return host


def not_covered(certificate: Certificate, host: str) -> str:
    """Why certificate and host name do not go together."""
    sentence = gettext(
        "The chosen certificate does not cover %(host)s: it is for %(names)s, until %(day)s. Enter one of those, or go "
        "back and choose another certificate."
    )
    names = choices.names_in_short(certificate.names)
    return sentence % {"host": host, "names": names, "day": formats.day(certificate.not_after)}
