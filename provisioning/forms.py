"""Forms of the Portal Admin Center. Every rule is checked here, whatever the page did before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts.language import spoken
from provisioning import names
from provisioning.choices import Choices, administrator
from provisioning.configuration import Configuration
from provisioning.features import AUDIENCES, PortalKind
from provisioning.models import DevelopmentStatus, Portal, PortalType
from provisioning.queries import subdomain_taken


class PortalNameField(forms.CharField):
    """A portal's name, by the rules of `names.portal_name`."""

    def __init__(self, **options: Any) -> None:
        # The rules tell too long a name in words; the bound here only keeps novels out.
        super().__init__(
            strip=False, required=True, widget=forms.TextInput(attrs={"maxlength": 200}), **options
        )
        self.error_messages["required"] = _("Enter a name for the portal.")

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            return names.portal_name(text)
        except names.NameRefused as error:
            raise ValidationError(spoken(error), code=error.code) from error


class ConfigureForm(forms.Form):
    """Configure Your Portal. `choices` says what this person is offered."""

    name = PortalNameField(label=_("Name"))
    development_status = forms.ChoiceField(
        label=_("Portal development status"), choices=[("", "—"), *DevelopmentStatus.choices], required=False
    )
    subdomain = forms.CharField(
        label=_("Portal URL"), error_messages={"required": _("Enter the first part of the URL.")}
    )
    instance = forms.ChoiceField(
        label=_("Dynamics 365 Instance"), error_messages={"required": _("Select a Dynamics 365 instance.")}
    )
    language = forms.ChoiceField(
        label=_("Select Portal Language"), error_messages={"required": _("Select the portal's language.")}
    )
    administrator = forms.ChoiceField(
        label=_("Select Portal Administrator"),
        error_messages={"required": _("Select the portal's administrator.")},
    )
    audience = forms.ChoiceField(
        label=_("Portal Audience"),
        choices=[(audience.value, _(title)) for audience, title in AUDIENCES.items()],
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
        error_messages={"required": _("Select who will visit the portal.")},
    )
    template = forms.ChoiceField(
        label=_("Select Portal to be deployed"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Select the portal to be deployed.")},
    )
    addons = forms.MultipleChoiceField(label=_("Optional add-ons"), required=False)
    early_upgrade = forms.BooleanField(label=_("Enable portal for early upgrade"), required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        portal: Portal,
        choices: Choices,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.portal = portal
        self.choices = choices
        self._offer(
            "instance", [(str(row.id), row.name) for row in choices.instances], gettext("Select an instance")
        )
        self._offer(
            "language",
            [(str(info.lcid), info.name_in(get_language() or "en")) for info in choices.languages],
            gettext("Select a language"),
        )
        people = [(str(person.id), person.full_name) for person in choices.administrators]
        self._offer("administrator", people, gettext("Select an administrator"))
        kinds = self.fields["template"]
        assert isinstance(kinds, forms.ChoiceField)
        kinds.choices = [(choice.kind.value, choice.title) for choice in choices.kinds if choice.available]
        add_ons = self.fields["addons"]
        assert isinstance(add_ons, forms.MultipleChoiceField)
        add_ons.choices = [
            (choice.add_on.value, choice.title) for choice in choices.add_ons if choice.available
        ]
        if portal.type == PortalType.TRIAL:
            del self.fields["development_status"]

    def _offer(self, name: str, offered: list[tuple[str, str]], prompt: str) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", prompt), *offered]
        gone = {
            "instance": _("You are not offered this instance."),
            "language": _(
                "This language is not enabled in the instance any more, or not supported. Select another one."
            ),
            "administrator": _("This person is not a System Administrator of the instance (any more)."),
        }
        field.error_messages["invalid_choice"] = gone[name]

    def clean_subdomain(self) -> str:
        try:
            return names.subdomain(self.cleaned_data["subdomain"])
        except names.NameRefused as error:
            raise ValidationError(spoken(error), code=error.code) from error

    def clean(self) -> dict[str, Any]:
        values = dict(super().clean() or {})
        if self.choices.problem:
            self.add_error("instance", ValidationError(self.choices.problem, code="organization_unavailable"))
        if not self.choices.may_submit:
            sentence = gettext(
                "To submit, you need the System Administrator role in this instance; you may prepare the form."
            )
            self.add_error("instance", ValidationError(sentence, code="not_administrator"))
        if values.get("addons") and values.get("template") != PortalKind.PARTNER:
            sentence = gettext("These add-ons go with the Partner Portal only. Select it, or leave them out.")
            self.add_error("addons", ValidationError(sentence, code="addons_need_partner_portal"))
        subdomain, instance = values.get("subdomain"), values.get("instance")
        instance_id = UUID(instance) if instance else None
        if subdomain and subdomain_taken(subdomain, instance_id=instance_id, portal_id=self.portal.id):
            sentence = gettext("“%(subdomain)s” is taken. Choose another URL.") % {"subdomain": subdomain}
            self.add_error("subdomain", ValidationError(sentence, code="url_taken"))
        return values

    def configuration(self) -> Configuration:
        """The checked values. Only after is_valid()."""
        values = self.cleaned_data
        person = administrator(self.choices, UUID(values["administrator"]))
        return Configuration(
            name=values["name"],
            subdomain=values["subdomain"],
            instance_id=UUID(values["instance"]),
            language=int(values["language"]),
            administrator_id=UUID(values["administrator"]),
            administrator_name=person.full_name if person else "",
            audience=values["audience"],
            template=values["template"],
            add_ons=tuple(values["addons"]),
            development_status=values.get("development_status", ""),
            early_upgrade=values["early_upgrade"],
        )


class DetailsForm(forms.Form):
    """What may be changed on Portal Details."""

    name = PortalNameField(label=_("Name"))
    development_status = forms.ChoiceField(
        label=_("Portal development status"), choices=[("", "—"), *DevelopmentStatus.choices], required=False
    )
    portal_state = forms.ChoiceField(
        label=_("Change Portal State"), choices=[("on", _("On")), ("off", _("Off"))]
    )
    early_upgrade = forms.BooleanField(label=_("Enable portal for early upgrade"), required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, portal: Portal) -> None:
        initial = {
            "name": portal.name,
            "development_status": portal.development_status,
            "portal_state": "on" if portal.is_on else "off",
            "early_upgrade": portal.early_upgrade,
        }
        super().__init__(data, initial=initial)
        if portal.type == PortalType.TRIAL:
            del self.fields["development_status"]


class AddOnForm(forms.Form):
    """One more add-on."""

    type = forms.ChoiceField(
        label=_("Subscription"),
        choices=PortalType.choices,
        widget=forms.RadioSelect(attrs={"class": "form-check-input"}),
    )
