"""Why an uploaded file is refused: each code with its one sentence. Pure."""

from __future__ import annotations

from accounts.words import N_, Refusal

LARGEST_FILE = 2 * 1024 * 1024  # bytes; "less than 2 MB", as the page promises
LONGEST_PASSWORD = 512  # bytes of UTF-8
MOST_CERTIFICATES = 20

SENTENCES: dict[str, str] = {
    "no_file": N_("Select the .pfx file of your certificate."),
    "empty": N_("The file is empty. Export the certificate once more, and upload the new file."),
    "too_large": N_(
        "The file is too large: it must be less than 2 MB. A .pfx file with one certificate, its chain and its key is "
        "a few kilobytes long."
    ),
    "is_pem": N_(
        "This is a PEM text file, not a .pfx file. Turn certificate and key into one, for instance with: openssl "
        "pkcs12 -export -inkey key.pem -in fullchain.pem -out certificate.pfx"
    ),
    "is_cert": N_(
        "This is the certificate alone (.cer, .crt), without its private key. Export it as “Personal Information "
        "Exchange – PKCS #12 (.PFX)” and choose “Yes, export the private key”."
    ),
    "is_p7b": N_(
        "This is a certificate chain (.p7b), which never has a private key. Export the certificate as “Personal "
        "Information Exchange – PKCS #12 (.PFX)” from the machine on which it was requested."
    ),
    "not_pkcs12": N_("This is not a Personal Information Exchange (.pfx, .p12) file."),
    "password_too_long": N_("The password is too long; at most 512 bytes are read."),
    "bad_password_or_damaged": N_(
        "The file does not open: the password is wrong, or the file is damaged. Mind upper and lower case and blanks."
    ),
    "kdf_too_costly": N_(
        "Opening this file takes more time or memory than is allowed (its iteration count or its key is extremely "
        "high). Export it once more with the usual settings."
    ),
    "unsupported": N_(
        "The file is protected in a way that cannot be read here. Export it once more, protected by a password (not "
        "by a user or group), with AES256-SHA256 or TripleDES-SHA1."
    ),
    "too_many_certs": N_(
        "The file holds more than 20 certificates. Export only the one that you need, with its certification path."
    ),
    "no_key": N_(
        "The file has no private key. Export the certificate once more and choose “Yes, export the private key”."
    ),
    "no_cert": N_(
        "The file has a private key but no certificate. Export the certificate together with its key."
    ),
    "key_mismatch": N_(
        "The private key of the file belongs to none of its certificates. Export the certificate from the machine on "
        "which its key was made."
    ),
    "busy": N_("Other files are being opened just now. Please try again in a moment."),
    "too_many_attempts": N_("You uploaded many files in a short time. Please try again in a minute."),
}


class FileRefused(Refusal):
    """The file does not open; `code` is one of SENTENCES."""

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code
