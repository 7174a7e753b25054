"""What can be written down: a fixed list of verbs, and what came of them. Pure."""

from __future__ import annotations

from enum import StrEnum

from accounts.words import N_


class Verb(StrEnum):
    """What somebody (or a process of ours) did, or asked for."""

    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    CHOOSE_LANGUAGE = "choose-language"
    OPEN_PAGE = "open-page"
    SEND_FORM = "send-form"
    EXPORT_AUDIT = "export-audit"
    PURGE_AUDIT = "purge-audit"

    ADD_PORTAL = "add-portal"
    CONVERT_PORTAL = "convert-portal"
    OPEN_PORTAL = "open-portal"
    DRAFT_VALUES = "draft-values"
    CONSENT = "consent"
    SUBMIT = "submit"
    CHANGE_VALUES = "change-values"
    RESET_PORTAL = "reset-portal"
    UPDATE_DETAILS = "update-details"
    SWITCH_PORTAL = "switch-portal"
    ADD_OWNER = "add-owner"
    PHASE = "phase"

    BEGIN_JOB = "begin-job"
    RESTART_JOB = "restart-job"
    CANCEL_JOB = "cancel-job"
    END_JOB = "end-job"
    PURGE_JOBS = "purge-jobs"

    SWITCH_ADMINISTRATION_MODE = "switch-administration-mode"
    SWITCH_ACCESS = "switch-access"
    RETRY_SOLUTION = "retry-solution"
    INSTALL_SOLUTION = "install-solution"
    CHANGE_LANGUAGES = "change-languages"
    CHANGE_LABELS = "change-labels"
    CONNECT_INSTANCE = "connect-instance"
    CHANGE_PROGRAMS = "change-programs"

    UPDATE_TRANSLATIONS = "update-translations"
    UPDATE_INSTANCE_URL = "update-instance-url"

    ADD_CERTIFICATE = "add-certificate"
    REPLACE_CERTIFICATE = "replace-certificate"
    DELETE_CERTIFICATE = "delete-certificate"
    BIND_DOMAIN = "bind-domain"
    REMOVE_DOMAIN = "remove-domain"


WORDS: dict[Verb, str] = {
    Verb.SIGN_IN: N_("Sign in"),
    Verb.SIGN_OUT: N_("Sign out"),
    Verb.CHOOSE_LANGUAGE: N_("Choose a language"),
    Verb.OPEN_PAGE: N_("Open a page"),
    Verb.SEND_FORM: N_("Send a form"),
    Verb.EXPORT_AUDIT: N_("Export the audit trail"),
    Verb.PURGE_AUDIT: N_("Remove old audit records"),
    Verb.ADD_PORTAL: N_("Add a portal add-on"),
    Verb.CONVERT_PORTAL: N_("Change to a production subscription"),
    Verb.OPEN_PORTAL: N_("Open the admin center for the first time"),
    Verb.DRAFT_VALUES: N_("Enter values"),
    Verb.CONSENT: N_("Accept the terms of service"),
    Verb.SUBMIT: N_("Submit the configuration"),
    Verb.CHANGE_VALUES: N_("Change values and restart provisioning"),
    Verb.RESET_PORTAL: N_("Reset the portal"),
    Verb.UPDATE_DETAILS: N_("Update the details"),
    Verb.SWITCH_PORTAL: N_("Switch the portal on or off"),
    Verb.ADD_OWNER: N_("Add an owner"),
    Verb.PHASE: N_("Portal enters another phase"),
    Verb.BEGIN_JOB: N_("Begin a job"),
    Verb.RESTART_JOB: N_("Restart a job"),
    Verb.CANCEL_JOB: N_("Cancel a job"),
    Verb.END_JOB: N_("Job ends"),
    Verb.PURGE_JOBS: N_("Remove old jobs"),
    Verb.SWITCH_ADMINISTRATION_MODE: N_("Switch administration mode"),
    Verb.SWITCH_ACCESS: N_("Let the admin center in or shut it out"),
    Verb.RETRY_SOLUTION: N_("Retry an installation"),
    Verb.INSTALL_SOLUTION: N_("Install a solution"),
    Verb.ADD_CERTIFICATE: N_("Add a certificate"),
    Verb.REPLACE_CERTIFICATE: N_("Replace a certificate"),
    Verb.DELETE_CERTIFICATE: N_("Delete a certificate"),
    Verb.CHANGE_LANGUAGES: N_("Change the languages"),
    Verb.CHANGE_LABELS: N_("Change labels"),
    Verb.CONNECT_INSTANCE: N_("Connect an instance"),
    Verb.CHANGE_PROGRAMS: N_("Let programs in or shut them out"),
    Verb.BIND_DOMAIN: N_("Bind a custom domain"),
    Verb.REMOVE_DOMAIN: N_("Remove a custom domain"),
    Verb.UPDATE_TRANSLATIONS: N_("Get the latest translations"),
    Verb.UPDATE_INSTANCE_URL: N_("Update the Dynamics 365 URL"),
}


class Result(StrEnum):
    """What came of it."""

    DONE = "done"
    UNCHANGED = "unchanged"  # asked for, and there was nothing to change
    REFUSED = "refused"  # a right is missing, or it cannot be done now; nothing was changed
    FAILED = "failed"  # something went wrong


RESULT_WORDS: dict[Result, str] = {
    Result.DONE: N_("Done"),
    Result.UNCHANGED: N_("Nothing to change"),
    Result.REFUSED: N_("Refused"),
    Result.FAILED: N_("Failed"),
}
