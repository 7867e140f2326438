"""Every setting of the archive, read from the environment. Secrets are never printed: `SecretStr` shows stars.

What belongs to one account (addresses, tokens by name) is in the account register, not here.
"""

from __future__ import annotations

import functools
import zoneinfo
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """The settings, by environment variable. Raises `pydantic.ValidationError` where one cannot be read."""

    model_config = SettingsConfigDict(env_prefix="CIVIC_ARCHIVE_", extra="ignore", frozen=True)

    database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("DATABASE_URL"),
        description="Postgres of the application's role. Unset: the embedded one.",
    )
    migration_database_url: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("MIGRATION_DATABASE_URL"),
        description="The same database as its owner, for migrations only.",
    )
    elasticsearch_url: str | None = Field(
        None,
        validation_alias=AliasChoices("ELASTICSEARCH_URL"),
        description="An Elasticsearch cluster. Unset: the embedded one.",
    )
    elasticsearch_user: str | None = Field(
        None, validation_alias=AliasChoices("ELASTICSEARCH_USER"), description="Its user, with the password."
    )
    elasticsearch_password: SecretStr | None = Field(
        None, validation_alias=AliasChoices("ELASTICSEARCH_PASSWORD"), description="The user's password."
    )
    elasticsearch_api_key: SecretStr | None = Field(
        None, validation_alias=AliasChoices("ELASTICSEARCH_API_KEY"), description="An API key instead of a user."
    )
    elasticsearch_ca: Path | None = Field(
        None, validation_alias=AliasChoices("ELASTICSEARCH_CA"), description="The file of the cluster's own CA."
    )
    home: Path | None = Field(None, description="The one folder of everything kept locally. Default: by platform.")
    token_key: SecretStr | None = Field(
        None,
        description="Seals tokens that platforms renewed (32 bytes in URL-safe base64). Unset: a key made in the home folder.",
    )
    blobs_url: str | None = Field(
        None, description="Where blobs and sealed WARCs are kept (an fsspec address). Default: a folder of the home."
    )
    index_name: str = Field("civic-archive-items", description="The alias that searches go to.")
    city: str = Field("the city", description="The city's name, as the pages show it.")
    time_zone: str = Field("America/Los_Angeles", description="The city's time zone (IANA name): a day is a day there.")
    policy_effective_date: date | None = Field(
        None, description="The day the city's social-media policy took effect. No default: ask the city clerk."
    )
    reread_days: int = Field(30, ge=0, description="How many days back each night re-reads, for edits and deletions.")
    light_hours: float = Field(
        48, gt=0, description="How many hours back the light pass between two nights reads posts and comments."
    )
    sweep_pages: int = Field(
        20, ge=0, description="How many pages (or threads) of older posts a night re-reads beyond that window."
    )
    recheck_hours: float = Field(
        12, ge=0, description="How long after the first failed lookup a second one may confirm that an item is gone."
    )
    gap_hours: float = Field(
        36, gt=0, description="How many hours without a complete capture of an account are a gap that is put on record."
    )
    keep_unchanged_exchanges: bool = Field(
        False, description="Keep the bodies of exchanges that brought nothing new as well."
    )
    export_schedule: str = Field(
        "30 2 * * *", description="When every account is exported (cron, in the city's time zone)."
    )
    recent_schedule: str = Field(
        "*/15 * * * *",
        description="When the light pass looks whose turn it is (cron, as above); how often that is says each account.",
    )
    token_schedule: str = Field("0 7 * * *", description="When every account's token is checked (cron, as above).")
    index_schedule: str = Field(
        "*/15 * * * *",
        description="When the index takes what waits for it, beside whenever an export stored something.",
    )
    check_schedule: str = Field("30 5 * * *", description="When index and archive are compared (cron, as above).")
    log_schedule: str = Field(
        "45 5 * * *",
        description="When the log's root is signed and a sample of everything kept is read again (cron, as above).",
    )
    log_key: Path | None = Field(
        None,
        description="The Ed25519 key that signs the log's roots (PEM file). Unset: one made in the home folder.",
    )
    timestamp_url: str | None = Field(
        None,
        description="An RFC 3161 timestamp authority for the log's roots. Unset: roots are signed, not timestamped.",
    )
    timestamp_ca: Path | None = Field(
        None, description="The file of the certificates (PEM) that the authority's timestamps must lead to."
    )
    roots_folder: Path | None = Field(
        None,
        description="Where the log's signed roots are written for the city to publish. Default: a folder of the home.",
    )
    fixity_share: float = Field(
        0.01,
        gt=0,
        le=1,
        description="Which part of everything kept a night reads again, what was longest not read first.",
    )
    airflow_url: str | None = Field(
        None,
        description="The city's Airflow, which the clerk's button *Capture this now* asks. Unset: a program beside the pages "
        "captures.",
    )
    airflow_user: str | None = Field(None, description="The user of that Airflow who may start `capture_now`.")
    airflow_password: SecretStr | None = Field(None, description="That user's password.")
    clerk_url: str | None = Field(
        None,
        description="The address of the clerk's pages as browsers see it, for links in e-mails too. Unset: as the browser says; "
        "the single sign-on must know it (docs/access.md).",
    )
    saved_schedule: str = Field(
        "30 6 * * *",
        description="When the searches run that people asked to be told of by e-mail (cron, in the city's time zone).",
    )
    smtp_host: str | None = Field(
        None, description="The server that takes the archive's e-mails. Unset: none are sent."
    )
    smtp_port: int | None = Field(
        None, gt=0, lt=65536, description="Its port. Default: 587 with STARTTLS, 465 with TLS, 25 without."
    )
    smtp_tls: Literal["starttls", "tls", "none"] = Field(
        "starttls",
        description="How the way to it is encrypted: `starttls`, `tls` from the first byte, or `none` (no password goes by it).",
    )
    smtp_ca: Path | None = Field(None, description="The file of that server's own CA (PEM).")
    smtp_user: str | None = Field(None, description="The user that the archive logs in to it as, if any.")
    smtp_password: SecretStr | None = Field(None, description="That user's password.")
    smtp_password_file: Path | None = Field(None, description="A file with that password, instead.")
    smtp_from: str | None = Field(None, description="The address that the e-mails come from.")
    smtp_timeout: float = Field(30, gt=0, description="Seconds until a mail server that does not answer is given up.")
    local_login: bool = Field(True, description="Whether users with a password of the archive's own may log in.")
    oidc_issuer: str | None = Field(
        None,
        description="The issuer of the city's single sign-on (OpenID Connect), exactly as it names itself. Unset: local users "
        "alone.",
    )
    oidc_name: str = Field("single sign-on", description="What the log-in page calls it.")
    oidc_client_id: str | None = Field(None, description="The archive's client id there.")
    oidc_client_secret: SecretStr | None = Field(None, description="The client's secret.")
    oidc_client_secret_file: Path | None = Field(None, description="A file with the client's secret, instead.")
    oidc_scopes: str = Field("openid profile email", description="What is asked for there, separated by spaces.")
    oidc_groups_claim: str = Field("groups", description="The claim that names somebody's groups.")
    oidc_roles: Annotated[tuple[tuple[str, str], ...], NoDecode] = Field(
        (),
        description="Which group has which role, as `archive-clerks=clerk;archive-admins=administrator`; of several, the first "
        "counts. Who is in none of them may not log in.",
    )
    oidc_domain: str | None = Field(None, description="Only verified e-mail addresses of this domain may log in.")
    retry_delay: float = Field(
        300,
        gt=0,
        description="Seconds until a failed task of the night is tried again; doubled each time, up to an hour.",
    )
    request_timeout: float = Field(60, gt=0, description="Seconds until an unanswered request is given up.")
    max_attempts: int = Field(5, ge=1, description="How often a request is tried while the platform says to try again.")
    max_wait: float = Field(
        900, ge=0, description="The longest wait, in seconds, that a capture grants to a rate limit before it stops."
    )
    media_max_bytes: int = Field(512 * 1024 * 1024, gt=0, description="Media larger than this are refused.")
    page_max_bytes: int = Field(64 * 1024 * 1024, gt=0, description="Answers larger than this are refused.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins on private addresses that may be fetched from, exactly as `http://127.0.0.1:8900`, comma-separated. "
        "For tests and the demo; a city leaves it empty.",
    )
    user_agent: str = Field(
        "civic-archive/0.1 (public-records archive)", description="How the archive introduces itself to platforms."
    )

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip().rstrip("/") for part in value.split(",") if part.strip())
        return value

    @field_validator("oidc_roles", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        # A group's name may hold an equals sign itself (as names of directories do); a role's does not.
        pairs = [part.strip().rpartition("=") for part in value.split(";") if part.strip()]
        if not all(equals and group.strip() for group, equals, _ in pairs):
            raise ValueError("write it as GROUP=role;GROUP=role")
        return tuple((group.strip(), role.strip()) for group, _, role in pairs)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zoneinfo.ZoneInfo(value)
        return value

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The city's time zone."""
        return zoneinfo.ZoneInfo(self.time_zone)


@functools.cache
def settings() -> Settings:
    """The settings of this process, read once."""
    return Settings()
