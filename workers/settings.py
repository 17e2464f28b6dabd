"""Every setting, typed: environment `BELLWETHER_*` over `bellwether.toml` over these defaults; nobody else reads either."""

import difflib
import os
import tomllib
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from workers.alert_settings import Alerts, Section
from workers.toml_lines import line_of, lines_of

PREFIX = "BELLWETHER_"


class SettingsError(Exception):
    """The settings are not usable; the message names the setting and the next step."""


def _starting_with(*schemes: str) -> AfterValidator:
    """Refuse other addresses without repeating them: they hold a password."""

    def check(url: SecretStr | None) -> SecretStr | None:
        if url and url.get_secret_value().partition("://")[0] not in schemes:
            raise ValueError(f"write an address that starts with {' or '.join(f'{one}://' for one in schemes)}")
        return url

    return AfterValidator(check)


RedisUrl = Annotated[SecretStr | None, _starting_with("redis", "rediss")]
PostgresUrl = Annotated[SecretStr | None, _starting_with("postgresql", "postgres", "postgresql+psycopg")]


class Intake(Section):
    """What is accepted, and how records become batches."""

    max_record_bytes: int = Field(1 << 20, description="Longest record accepted, as UTF-8.")
    max_request_bytes: int = Field(64 << 20, description="Longest HTTP request body accepted.")
    max_request_records: int = Field(10_000, ge=1, description="Most records that one HTTP request may hold.")
    batch_records: int = Field(64, ge=1, description="Most records that share a batch.")
    batch_bytes: int = Field(64 << 10, ge=1, description="Most text that shares a batch; a longer record travels alone.")
    linger: timedelta = Field(timedelta(milliseconds=50), description="How long a single record waits for company.")
    max_backlog_records: int = Field(1_000_000, description="Records waiting for analysis above which intake answers 429.")
    inbox: str = Field("bellwether:inbox", description="The Redis stream that external producers append to.")
    inbox_group: str = Field("bellwether", description="The consumer group that drains the inbox.")
    inbox_read_records: int = Field(500, description="Most stream entries drained in one transaction.")


class Ledger(Section):
    """The life of a batch. task_time_limit < lease < visibility_timeout, checked at start-up."""

    lease: timedelta = Field(timedelta(minutes=6), description="How long a claimed batch is its worker's, unless renewed.")
    # The longest record accepted, 1 MiB, is some 250,000 tokens: a minute on a quiet core, four on a starved one.
    task_time_limit: timedelta = Field(timedelta(minutes=5), description="A child that works longer on a task is killed.")
    visibility_timeout: timedelta = Field(timedelta(hours=6), description="When Redis gives an unacknowledged message again.")
    max_attempts: int = Field(3, ge=1, description="Failures after which a batch is bisected.")
    retry_backoff: timedelta = Field(timedelta(seconds=2), description="Wait after the first failure; doubles.")
    publish_window: int = Field(256, ge=1, description="Most batches of a lane in Redis at a time.")
    republish_after: timedelta = Field(timedelta(minutes=10), description="A message unclaimed for so long is sent again.")
    sweep_every: timedelta = Field(timedelta(seconds=2), description="How often run-out leases are taken back and due batches rung.")


class Engine(Section):
    """How text is read."""

    model: str = Field("default", description="A name in the model catalogue.")
    catalog: Path | None = Field(None, description="Your own catalog.toml: adds to the shipped one.")
    taxonomies: Path | None = Field(None, description="A folder with your own taxonomy files, besides the shipped ones.")
    device: str = Field("auto", description="auto, cpu, cuda:N or all.")
    replicas: int = Field(0, ge=0, description="Children a device; 0: the cores of a CPU, 2 on a GPU.")
    threads: int = Field(1, ge=1, description="Threads a child on a CPU.")
    token_budget: int = Field(2048, ge=64, description="Most padded tokens a micro-batch.")
    window_overlap: int = Field(32, ge=0, description="Tokens that neighbouring windows of a long text share.")


class Worker(Section):
    """The workers' supervisor."""

    metrics_port: int | None = Field(
        None, description="Where an analyze supervisor serves its children's counters, on loopback; None: nowhere."
    )


class Rollups(Section):
    """Time buckets that the alert scan reads."""

    bucket: timedelta = Field(
        timedelta(minutes=15), description="How much event time a bucket holds; after a change run `bellwether db rollups`."
    )
    refresh_every: timedelta = Field(timedelta(seconds=10), description="How often touched buckets are recomputed.")


RECORD_FIELDS = ("text", "title", "external_id", "published_at", "source", "kind", "language", "url", "author", "attributes")
"""What a record that comes in is made of; any other column is kept among its attributes."""


class SourceSettings(Section):
    """One source by name: its kind, its taxonomy and, if it is pulled on a schedule, from where."""

    kind: Literal["news", "support"] | None = Field(None, description="Its kind; None: what the caller says, else news.")
    taxonomy: str | None = Field(None, description="The taxonomy its records are read by; None: the kind's default.")
    lane: Literal["live", "backfill"] = Field("live", description="How urgent the pulled records are.")
    map: dict[str, str] = Field({}, description="Field by field, the column that holds it in files, where the names differ; --map wins.")
    pull: Literal["folder", "feed"] | None = Field(None, description="A file of workers/sources.")
    location: str | None = Field(None, description="The folder, or the feed's URL.")
    every: timedelta = Field(timedelta(minutes=5), description="How often it is pulled.")

    @field_validator("map")
    @classmethod
    def _names_fields(cls, columns: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(set(columns) - set(RECORD_FIELDS)):
            raise ValueError(f"{', '.join(unknown)}: no field of a record; those are {', '.join(RECORD_FIELDS)}")
        return columns


class Retention(Section):
    """How long rows are kept."""

    records: timedelta | None = Field(None, description="None: for ever.")
    quarantine: timedelta = Field(timedelta(days=30), description="What could not be read or analysed.")
    batches: timedelta = Field(timedelta(days=7), description="Batches that are done.")
    prune_every: timedelta = Field(timedelta(hours=1), description="How often old rows are removed.")


class Api(Section):
    """The HTTP face."""

    host: str = Field("127.0.0.1", description="The address it binds.")
    port: int = Field(8000, description="The port it binds.")
    require_key: bool | None = Field(None, description="None: unless bound to loopback.")


class Flower(Section):
    """The page that shows workers, queues and tasks."""

    host: str = Field("127.0.0.1", description="The address it binds.")
    port: int = Field(5555, description="The port it binds.")
    user: str | None = Field(None, description="Who may look; needed, with a password, unless bound to loopback.")
    password: SecretStr | None = Field(None, description="That user's password.")


class Settings(BaseSettings):
    """All of Bellwether's settings; nested ones are reached with a double underscore, as in BELLWETHER_ENGINE__DEVICE."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True)

    home: Path = Field(Path(".bellwether"), description="Files of the embedded servers, logs and runs.")
    redis_url: RedisUrl = Field(None, description="Your own Redis or Valkey; None: the embedded one.")
    postgres_url: PostgresUrl = Field(None, description="Your own PostgreSQL; None: the embedded one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is logged.")
    log_format: Literal["auto", "json", "console"] = Field("auto", description="auto: JSON off a terminal.")
    intake: Intake = Intake()
    ledger: Ledger = Ledger()
    engine: Engine = Engine()
    worker: Worker = Worker()
    rollups: Rollups = Rollups()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    api: Api = Api()
    flower: Flower = Flower()
    default_taxonomies: dict[Literal["news", "support"], str] = Field(
        {"news": "finance-desk", "support": "banking77"}, description="The taxonomy of a kind, for sources that name none."
    )
    sources: dict[str, SourceSettings] = Field({}, description="Sources by name.")

    @classmethod
    def settings_customise_sources(  # noqa: D102  # pydantic-settings' own hook
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=config_file())

    @model_validator(mode="after")
    def _rules_fit_buckets(self) -> "Settings":
        bucket = self.rollups.bucket
        for name, rule in self.alerts.rules.items():
            for field in ("window", "baseline", "season", "resolves_after"):
                span = getattr(rule, field)
                if span < bucket or span % bucket:
                    raise ValueError(f"alerts.rules.{name}.{field}: write whole buckets, at least one ({bucket}, by rollups.bucket)")
        return self

    @model_validator(mode="after")
    def _inequalities(self) -> "Settings":
        ledger = self.ledger
        if not ledger.task_time_limit < ledger.lease < ledger.visibility_timeout:
            raise ValueError("ledger: task_time_limit < lease < visibility_timeout must hold, or a running batch would be given away")
        if not ledger.sweep_every * 2 <= ledger.lease:
            raise ValueError("ledger: sweep_every must be at most half of lease, or lost batches would wait for the sweep")
        return self


def config_file() -> Path:
    """Return the TOML file that is read: BELLWETHER_CONFIG, or bellwether.toml in this folder."""
    return Path(os.environ.get(f"{PREFIX}CONFIG", "bellwether.toml"))


def inherited_environment() -> dict[str, str]:
    """Return a copy of this process's environment, for child processes to start from."""
    return dict(os.environ)


def keep_to_one_thread() -> None:
    """Let numpy calculate by one thread unless the environment says otherwise; call it before anything imports numpy.

    Small matrices gain nothing from more, and threads that wait for each other by spinning tripled a replay's processor time.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return this process's settings, read once; raise SettingsError naming the setting and the mend."""
    try:
        _refuse_unknown_variables()
        return Settings()
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(one) for one in error.errors())) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{config_file()} is not valid TOML: {error}") from error


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields} | {f"{PREFIX}CONFIG"}
    for name in os.environ:
        head = name.split("__", 1)[0]
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_") and head not in known:
            raise SettingsError(f"{name} is not a setting.{_suggest(head, sorted(known))}")


def _explain(error: Any) -> str:
    parts = [str(part) for part in error["loc"]]
    name = ".".join(parts)
    if error["type"] != "extra_forbidden":
        complaint = error["msg"].removeprefix("Value error, ")
        if error["type"].replace("_", "").startswith("timedelta"):
            complaint = "write a duration such as PT15M, PT12H or P7D"
        if not parts:  # it names the setting itself
            return f"{_where(complaint.partition(':')[0].split('.'))}{complaint}"
        return f"{_where(parts)}{name} ({PREFIX}{'__'.join(parts).upper()}): {complaint}"
    siblings = _fields_at(error["loc"][:-1])
    return f"{_where(parts)}{name} is not a setting.{_suggest(str(error['loc'][-1]), siblings)}"


def _where(parts: list[str]) -> str:
    """Name the line of the TOML file in which a setting is written; nothing if it came from elsewhere."""
    variable = f"{PREFIX}{'__'.join(parts)}".upper()
    if any(name.upper().startswith(variable) for name in os.environ):
        return ""
    try:
        lines = lines_of(config_file().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""
    number = line_of(tuple(parts), lines=lines)
    return f"{config_file()}, line {number}: " if number else ""


def _fields_at(path: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    for part in path:
        field = getattr(model, "model_fields", {}).get(part)
        # Of a table by names, such as the rules, each part is a name, and its fields are those of the values.
        model = field.annotation if field else (get_args(model) or (model,))[-1]
    return sorted(getattr(model, "model_fields", {}))


def _suggest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else f" Known: {', '.join(known)}."
