"""The one settings module. Everything comes from the environment; the defaults work with an empty one.

`make up` passes what it made (see portaladmin/up); an installation of one's own sets DATABASE_URL, REDIS_URL,
SECRET_KEY, ENCRYPTION_KEYS and ADMIN_URL.
"""

import base64
import hashlib
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env

from portaladmin.up import places

env = Env()
BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("DATA_DIR", "") or BASE_DIR / "var").resolve()

# An installation that names its own database is a real one: debugging is off unless it is asked for.
DEBUG: bool = env.bool("DEBUG", "DATABASE_URL" not in os.environ)


def _secret(name: str, file: str) -> str:
    """A secret from the environment, else from the file that `make up` keeps in DATA_DIR, else (only while
    debugging) a fixed one.

    Raises ImproperlyConfigured when there is none.
    """
    if value := env.str(name, ""):
        return value
    if os.access(DATA_DIR / file, os.R_OK):
        return (DATA_DIR / file).read_text().strip()
    if DEBUG:
        return f"insecure-{name.lower()}-for-debugging-only"
    raise ImproperlyConfigured(f"{name} is not set. Give it in the environment; see README.md, Production.")


SECRET_KEY = _secret("SECRET_KEY", "secret_key")


def _encryption_keys() -> dict[int, bytes]:
    """Keys at rest, by number, newest last: `ENCRYPTION_KEYS="1:<base64>,2:<base64>"`, 32 bytes each."""
    text = _secret("ENCRYPTION_KEYS", "encryption_keys")
    if text.startswith("insecure-"):
        return {0: hashlib.sha256(text.encode()).digest()}
    keys: dict[int, bytes] = {}
    for part in text.split(","):
        number, _, encoded = part.strip().partition(":")
        try:
            keys[int(number)] = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured("ENCRYPTION_KEYS wants <number>:<base64>,…") from error
        if len(keys[int(number)]) != 32:
            raise ImproperlyConfigured(f"Key {number} of ENCRYPTION_KEYS is not 32 bytes long.")
    return dict(sorted(keys.items()))


ENCRYPTION_KEYS = _encryption_keys()

# --- where we are found -------------------------------------------------------------------------------------
PORT: int = env.int("PORT", 8000)
# The admin center's own address; with https, cookies are secure and plain HTTP is redirected.
ADMIN_URL: str = env.str("ADMIN_URL", f"http://localhost:{PORT}")
_admin = urlsplit(ADMIN_URL)
if not _admin.hostname:
    raise ImproperlyConfigured("ADMIN_URL wants an address such as https://admin.example.com")
_https = _admin.scheme == "https"
ADMIN_HOSTS = frozenset(
    {_admin.hostname, "127.0.0.1", "[::1]"} if _admin.hostname == "localhost" else {_admin.hostname}
)
PORTAL_BASE_DOMAIN: str = env.str("PORTAL_BASE_DOMAIN", "portals.localhost").lower()
# Embedded organizations answer their Web API at `<name>.<this domain>`.
ORGANIZATION_BASE_DOMAIN: str = env.str("ORGANIZATION_BASE_DOMAIN", "crm.localhost").lower()
# Where applications get tokens for organizations of Dynamics 365; national clouds have addresses of their own.
DATAVERSE_AUTHORITY: str = env.str("DATAVERSE_AUTHORITY", "https://login.microsoftonline.com")
# Organizations at addresses that are not public, such as one's own on-premises network.
DATAVERSE_PRIVATE_ADDRESSES: bool = env.bool("DATAVERSE_PRIVATE_ADDRESSES", False)
# Rows that are asked for at a time.
DATAVERSE_PAGE_SIZE: int = env.int("DATAVERSE_PAGE_SIZE", 2000)
PORTAL_SCHEME: str = env.str("PORTAL_SCHEME", _admin.scheme)
# What stands behind the host name in a portal's address (":8000"); nothing behind a real edge.
PORTAL_PORT: str = env.str("PORTAL_PORT", "" if _https else str(PORT))
# Where our own web server listens, as `host:port`: probes of portals connect here and send the Host header,
# since *.localhost resolves in browsers only.
WEB_ADDRESS: str = env.str("WEB_ADDRESS", f"127.0.0.1:{PORT}")
# A PEM file with roots of an authority of one's own, which the visitors' devices trust beside those of browsers.
EXTRA_ROOTS: str = env.str("EXTRA_ROOTS", "")
SUPPORT_ADDRESS: str = env.str("SUPPORT_ADDRESS", "support@contoso.example")

# More than any form of ours takes; uploads of certificates and packages are the largest.
MAX_BODY_BYTES: int = env.int("MAX_BODY_MB", 20) * 1024 * 1024

# Mail to people: warnings of certificates that are about to end. Without a mail server, it goes to the log.
EMAIL_HOST: str = env.str("EMAIL_HOST", "")
EMAIL_PORT: int = env.int("EMAIL_PORT", 25)
EMAIL_HOST_USER: str = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD: str = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS: bool = env.bool("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 20  # seconds
EMAIL_BACKEND: str = env.str(
    "EMAIL_BACKEND", f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
)
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", SUPPORT_ADDRESS)

# The host routing, which comes first, answers every host that is not ours.
ALLOWED_HOSTS = ["*"]
CSRF_TRUSTED_ORIGINS = [ADMIN_URL.rstrip("/")] if _https else []

# --- custom domains: name servers and the HTTPS edge (see docs/custom-domains.md) -----------------------------
# Resolvers that must see a record, as `9.9.9.9` or `192.0.2.1:5353`; none given: those of this machine.
DNS_RESOLVERS: list[str] = env.list("DNS_RESOLVERS", [])
# For tests alone: name servers may be on loopback, and are asked on this port.
DNS_LOOPBACK_PORT: int | None = env.int("DNS_LOOPBACK_PORT", None)
# Public addresses of the edge, for domains that cannot have a CNAME; those of the portals' URLs are known anyway.
EDGE_ADDRESSES: list[str] = env.list("EDGE_ADDRESSES", [])
HTTPS_PORT: int = env.int("HTTPS_PORT", 8443)
# Where the edge listens, as `host:port`: it is probed here, never at what a host name resolves to.
EDGE_ADDRESS: str = env.str("EDGE_ADDRESS", f"127.0.0.1:{HTTPS_PORT}")
# What stands behind a custom domain in its address (":8443"); nothing behind a real edge.
CUSTOM_DOMAIN_PORT: str = env.str("CUSTOM_DOMAIN_PORT", "" if _https else str(HTTPS_PORT))
# TLS contexts that the edge keeps ready, at most; each takes about 30 KB.
EDGE_CONTEXTS: int = env.int("EDGE_CONTEXTS", 10_000)
# Connections that the edge serves at once; further ones are answered 503.
EDGE_CONNECTIONS: int = env.int("EDGE_CONNECTIONS", 1000)
EDGE_THREADS: int = env.int("EDGE_THREADS", 8)
# Where the agent gives certificates to a proxy of one's own, and the word that it must say.
EDGE_AGENT_ADDRESS: str = env.str("EDGE_AGENT_ADDRESS", "127.0.0.1:8444")
EDGE_AGENT_TOKEN: str = env.str("EDGE_AGENT_TOKEN", "")

# Uploaded files never touch a disk: some have private keys in them.
FILE_UPLOAD_HANDLERS = ["domains.uploads.MemoryUploadHandler"]

# --- the house ----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portaladmin",
    "sites",
    "domains",
    "provisioning",
    "organizations",
    "jobs",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "js_lib_bootstrap5",
    "csp",
    "allauth",
    "allauth.account",
    "oauth2_provider",
]
MIDDLEWARE = [
    "portaladmin.hosts.HostRoutingMiddleware",  # first: everything behind it depends on whose host it is
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "portaladmin.caching.NeverCacheMiddleware",
    "portaladmin.bodies.BodyLimitMiddleware",  # before anything that reads what was sent
    "accounts.sessions.HostSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portaladmin.texts.NoNulMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.audit.middleware.AuditMiddleware",  # sees what everything behind it answers, and who asked
    "accounts.language.LanguageMiddleware",
    "portaladmin.login.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portaladmin.login.HtmxLoginMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "portaladmin.errors.MethodPageMiddleware",
]
ROOT_URLCONF = "portaladmin.urls"
WSGI_APPLICATION = "portaladmin.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["django.templatetags.i18n"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portaladmin.shell.context",
            ],
        },
    },
]

# --- PostgreSQL, and nothing else ---------------------------------------------------------------------------
DATABASES: dict[str, Any] = {
    "default": env.dj_db_url(
        "DATABASE_URL", places.database_url(DATA_DIR), conn_max_age=600, conn_health_checks=True
    )
}
# How often one of the engine's statements runs on a connection before its plan is kept; 0 is never, for a pooler of
# connections that cannot keep plans (PgBouncer before 1.21).
DATABASES["default"].setdefault("OPTIONS", {})["prepare_threshold"] = env.int("DATABASE_PREPARE", 2) or None
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL wants a PostgreSQL database: postgresql://user:password@host/name"
    )
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# In the database, so that limits on sign-in hold over all web processes and while the broker is down.
# A third of a cache that is full is thrown away, whether it has expired or not; nobody shall lose the count of their
# tries by crowding it.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

# --- Celery: only a doorbell (see docs/how-jobs-survive.md) -------------------------------------------------
REDIS_URL: str = env.str("REDIS_URL", places.redis_url(DATA_DIR))
CELERY_BROKER_URL = places.broker_url(REDIS_URL)
_broker_options = {
    "visibility_timeout": 3600,
    "socket_timeout": 0.5,
    "socket_connect_timeout": 0.5,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.2,
}
CELERY_BROKER_TRANSPORT_OPTIONS = _broker_options
CELERY_VISIBILITY_TIMEOUT = 3600
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", "portaladmin")
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_DB_REUSE_MAX = 1000
CELERY_TIMEZONE = "UTC"
# Seconds that a worker may be silent before its jobs are given to another one.
JOBS_LEASE_SECONDS: float = env.float("JOBS_LEASE_SECONDS", 60.0)

# --- people -------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
# Per address of the network. A company whose people share one address may need more at nine in the morning.
SIGN_INS_PER_MINUTE: int = env.int("SIGN_INS_PER_MINUTE", 30)
ACCOUNT_RATE_LIMITS = {"login": f"{SIGN_INS_PER_MINUTE}/m/ip"}
# Tokens of the embedded organizations' Web API live an hour, as Dataverse's do.
# Only client credentials are offered; the rest is as the Security Best Current Practice (RFC 9700) wants it. Tokens
# are kept as hashes.
OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    **{
        f"COMPLIANT_BCP_RFC9700_{rule}": True
        for rule in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "PKCE_REQUIRED",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
        )
    },
}
SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# Over HTTPS a browser takes cookies of such names from the very host alone: no page beside or below it plants one.
_own = "__Host-" if _https else ""
SESSION_COOKIE_NAME = f"{_own}admin_session"
PORTAL_SESSION_COOKIE_NAME = f"{_own}portal_session"
CSRF_COOKIE_NAME = f"{_own}csrftoken"
SESSION_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
CSRF_COOKIE_HTTPONLY = True

# --- what a browser may do with our pages -------------------------------------------------------------------
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 86400 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# What a proxy in front of us says of the client (X-Forwarded-*) counts only when there is one.
TRUST_PROXY: bool = env.bool("TRUST_PROXY", False)
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    # Limits on sign-in count by the client's address, which the proxy tells; without this all clients were one.
    ALLAUTH_TRUSTED_PROXY_COUNT = 1
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # Bootstrap's style sheet carries its marks (arrows, ticks) as data: images.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- words and times ----------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
# Each by its own name, as people look for it. The catalogs are compiled from locale/ by `manage.py prepare`.
LANGUAGES = [
    ("en", "English"),
    ("de", "Deutsch"),
    ("fr", "Français"),
    ("es", "Español"),
    ("ar", "العربية"),
]
LOCALE_PATHS = [DATA_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "admin_language"
LANGUAGE_COOKIE_AGE = 365 * 86400
LANGUAGE_COOKIE_SECURE = _https
LANGUAGE_COOKIE_HTTPONLY = True
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

# --- static files -------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- logs: to standard error, where the supervisor (or the container's engine) collects them ----------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", "INFO")},
    "loggers": {"django.server": {"handlers": ["stderr"], "level": "INFO", "propagate": False}},
}
