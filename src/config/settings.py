"""All settings. Environment variables configure an installation; .env.example lists them."""

from typing import Any

import django_stubs_ext

from config.env import (
    PROJECT_ROOT,
    read_boolean,
    read_choice,
    read_directory,
    read_integer,
    read_list,
    read_secret_key,
    read_text,
    read_time_zone,
)
from config.servers import broker_url, cache_settings, database_settings

# Allows type arguments for Django's classes, as in ModelAdmin[Movie].
django_stubs_ext.monkeypatch()

# --- Where things are -------------------------------------------------------------------------------------------------
BASE_DIR = PROJECT_ROOT
VAR_DIR = read_directory("VAR_DIR", default=PROJECT_ROOT / "var")
EXPORTS_DIR = read_directory("EXPORTS_DIR", default=VAR_DIR / "exports")
MODELS_DIR = read_directory("MODELS_DIR", default=VAR_DIR / "models")
# How many of the newest exports of each kind, and of the newest models, are kept.
EXPORTS_KEEP = read_integer("EXPORTS_KEEP", default=5, minimum=1)
MODELS_KEEP = read_integer("MODELS_KEEP", default=5, minimum=1)

# The algorithms that are trained each night, in this order; the gate decides which is live.
NIGHTLY_ALGORITHMS = read_list("NIGHTLY_ALGORITHMS", default=["surprise-svd", "house"])

# Whether all workers share the writing of the nightly suggestions.
SUGGESTIONS_DISTRIBUTED = read_boolean("SUGGESTIONS_DISTRIBUTED", default=False)
# The Spark master for `trainmodel als --engine spark`, and the folder to exchange files with it.
SPARK_MASTER = read_text("SPARK_MASTER", default="local[*]")
SPARK_DIR = read_directory("SPARK_DIR", default=VAR_DIR / "spark")

# --- Security ---------------------------------------------------------------------------------------------------------
DEBUG = read_boolean("DEBUG", default=False)
SECRET_KEY = read_secret_key(VAR_DIR)
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = read_boolean("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
# Monitoring asks the site directly, without the proxy that serves HTTPS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = read_integer("HSTS_SECONDS", default=0)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if read_boolean("BEHIND_PROXY", default=False) else None
X_FRAME_OPTIONS = "DENY"

# --- Apps -------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "config",
    "accounts",
    "movies",
    "importing",
    "sample",
    "pipeline",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "django_htmx",
    "django_celery_beat",
    "django_celery_results",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database, cache, queue: your own servers if an address is given, embedded ones otherwise -------------------------
DATABASES = {"default": database_settings(read_text("DATABASE_URL", default=""), var_dir=VAR_DIR)}
REDIS_URL = read_text("REDIS_URL", default="")
CACHES = {"default": cache_settings(REDIS_URL, var_dir=VAR_DIR)}

CELERY_BROKER_URL = broker_url(REDIS_URL, var_dir=VAR_DIR)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = 30 * 24 * 3600
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
# Save each sent task at once, so that a restarted beat does not send it again.
CELERY_BEAT_SYNC_EVERY = 1
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1

# --- Accounts ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"

# --- E-mail: without a server, e-mails are written to files under VAR_DIR/mail ----------------------------------------
EMAIL_HOST = read_text("EMAIL_HOST", default="")
EMAIL_PORT = read_integer("EMAIL_PORT", default=587)
EMAIL_HOST_USER = read_text("EMAIL_HOST_USER", default="")
EMAIL_HOST_PASSWORD = read_text("EMAIL_HOST_PASSWORD", default="")
EMAIL_USE_TLS = read_boolean("EMAIL_USE_TLS", default=True)
EMAIL_FILE_PATH = VAR_DIR / "mail"
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'filebased'}.EmailBackend"
DEFAULT_FROM_EMAIL = read_text("DEFAULT_FROM_EMAIL", default="matinee@localhost")

# --- Language and time ------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
TIME_ZONE = read_time_zone("TIME_ZONE", default="UTC")
CELERY_TIMEZONE = TIME_ZONE
USE_TZ = True

# --- Static files: collected and hashed for production, served directly from the source otherwise ---------------------
STATIC_URL = "/static/"
STATIC_ROOT = read_directory("STATIC_ROOT", default=VAR_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": VAR_DIR}},
    "staticfiles": {"BACKEND": "config.staticfiles.HashedOnceCollected"},
}
WHITENOISE_USE_FINDERS = True

# --- Log --------------------------------------------------------------------------------------------------------------
LOG_LEVEL = read_choice("LOG_LEVEL", default="INFO", choices=["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"])
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
