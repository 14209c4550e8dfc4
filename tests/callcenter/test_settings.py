"""Settings: what is read from where, and what people are told when it cannot be used."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import ValidationError

from callcenter.settings import Settings, SettingsError, variables
from callcenter.settings.example import env_example

ROOT = Path(__file__).parents[2]
SECRET = "sk-very-secret-value"


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No variable of ours, and a folder without `.env`."""
    for name in list(os.environ):
        if name.startswith("CALLCENTER_") or name in variables(Settings):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(env: str = "") -> tuple[str, ...]:
    """What `load` complains about, with `env` as the text of `.env`."""
    Path(".env").write_text(env, encoding="utf-8")
    with pytest.raises(SettingsError) as refusal:
        Settings.load()
    return refusal.value.problems


# --- where values come from ---


def test_without_anything_every_default_holds() -> None:
    """A fresh clone needs no `.env`."""
    settings = Settings.load()
    assert settings.llm_choice == "offline"
    assert settings.model_fields_set == set()


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere: the nearer source counts."""
    Path(".env").write_text("CALLCENTER_LLM_MODEL=file\nCALLCENTER_REGION=GB\n", encoding="utf-8")
    monkeypatch.setenv("CALLCENTER_LLM_MODEL", "environment")
    settings = Settings.load()
    assert (settings.llm_model, settings.region) == ("environment", "GB")


def test_known_names_are_read_as_they_are() -> None:
    """LIVEKIT_URL and its like carry no prefix of ours."""
    Path(".env").write_text(
        f"LIVEKIT_URL=wss://phone.example/\nOPENAI_API_KEY={SECRET}\nSOMEBODY_ELSES=1\n",
        encoding="utf-8",
    )
    settings = Settings.load()
    assert settings.livekit_url == "wss://phone.example"
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == SECRET


def test_settings_built_in_code_ignore_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own key must not reach a test."""
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("CALLCENTER_LLM", "openai")
    assert Settings().llm_choice == "offline"


def test_an_empty_value_counts_as_not_set() -> None:
    """`OPENAI_API_KEY=` in a copied example is no key."""
    Path(".env").write_text("OPENAI_API_KEY=\nCALLCENTER_MAX_CALLS=\n", encoding="utf-8")
    assert Settings.load().openai_api_key is None


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    """Some editors put one in front of the first name."""
    Path(".env").write_text("CALLCENTER_REGION=GB\n", encoding="utf-8-sig")
    assert Settings.load().region == "GB"


def test_importing_reads_nothing() -> None:
    """Neither a bad environment nor a bad file matters before `load`."""
    Path(".env").write_bytes(b"\xff\xfe\x00")
    code = "import callcenter.settings, sys; assert 'livekit' not in sys.modules"
    environment = {**os.environ, "CALLCENTER_NONSENSE": "1"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)


def test_the_data_folder_follows_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """XDG_DATA_HOME if it is absolute, else ~/.local/share."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert Settings().data_dir == tmp_path / "home/.local/share/callcenter"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert Settings().data_dir == tmp_path / "data/callcenter"


# --- values ---


def test_secrets_do_not_show_themselves() -> None:
    """Neither printing nor comparing nor an error reveals one."""
    settings = Settings(openai_api_key=SECRET, redis_url=f"redis://:{SECRET}@localhost")
    assert SECRET not in f"{settings!r}{settings}{settings.model_dump()}"
    with pytest.raises(ValidationError) as refusal:
        Settings(openai_api_key=f"{SECRET} x", livekit_url=SECRET, max_calls=SECRET)
    assert SECRET not in str(refusal.value)


def test_settings_cannot_be_changed() -> None:
    """One process, one set of them."""
    with pytest.raises(ValidationError):
        Settings().llm = "openai"  # type: ignore[misc]  # which says the same


@pytest.mark.parametrize(
    ("settings", "llm", "store"),
    [
        (Settings(store="memory"), "offline", "memory"),
        (Settings(openai_api_key="k", redis_url="redis://h"), "openai", "redis"),
        (Settings(openai_base_url="http://localhost:1/v1"), "openai", "embedded"),
        (Settings(llm="offline", openai_api_key="k", store="memory"), "offline", "memory"),
    ],
)
def test_auto_takes_what_is_configured(settings: Settings, llm: str, store: str) -> None:
    """A key is enough to choose a service, and a choice overrides a key."""
    assert (settings.llm_choice, settings.store_choice) == (llm, store)


@pytest.mark.parametrize("written", ["none", "off", "0", "None", 0, None])
def test_none_switches_a_time_off(written: object) -> None:
    """The way LiveKit's own options are switched off."""
    settings = Settings.model_validate(
        {"aec_warmup": written, "false_interruption_timeout": written}
    )
    assert settings.aec_warmup is None
    assert settings.false_interruption_timeout is None


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("none", ()),
        ("filter_emoji", ("filter_emoji",)),
        ("Filter_Markdown, filter_emoji", ("filter_markdown", "filter_emoji")),
    ],
)
def test_text_transforms_are_a_list_with_commas(written: str, expected: tuple[str, ...]) -> None:
    """Nobody should have to write JSON in `.env`."""
    Path(".env").write_text(f"CALLCENTER_TTS_TEXT_TRANSFORMS={written}\n", encoding="utf-8")
    assert Settings.load().tts_text_transforms == expected


def test_defaults_are_livekits_own() -> None:
    """Where a name is LiveKit's, so is the value; only the phone's AEC warm-up differs."""
    from livekit.agents.voice import turn
    from livekit.agents.voice.agent_session import DEFAULT_TTS_TEXT_TRANSFORMS

    settings = Settings()
    interruption = turn._INTERRUPTION_DEFAULTS
    assert settings.min_endpointing_delay == turn._ENDPOINTING_DEFAULTS["min_delay"]
    assert settings.max_endpointing_delay == turn._ENDPOINTING_DEFAULTS["max_delay"]
    assert settings.min_interruption_duration == interruption["min_duration"]
    assert settings.min_interruption_words == interruption["min_words"]
    assert settings.false_interruption_timeout == interruption["false_interruption_timeout"]
    assert settings.resume_false_interruption is interruption["resume_false_interruption"]
    assert settings.preemptive_generation is turn._PREEMPTIVE_GENERATION_DEFAULTS["enabled"]
    assert list(settings.tts_text_transforms) == DEFAULT_TTS_TEXT_TRANSFORMS


def test_every_part_of_conduct_is_a_setting_with_the_same_default() -> None:
    """`wiring.conduct` copies by name; a test that builds Conduct itself sees the same house."""
    from callcenter.floor.voice import Conduct

    settings = Settings()
    assert {part.name: getattr(settings, part.name) for part in fields(Conduct)} == {
        part.name: part.default for part in fields(Conduct)
    }


# --- problems ---


def test_an_unknown_variable_names_the_nearest_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing mistake must not silently keep the default, wherever it is made."""
    monkeypatch.setenv("CALLCENTER_MAX_CALL", "x")
    assert problems(
        "CALLCENTER_RETENTON_DAYS=7\nCALLCENTER_OPENAI_API_KEY=x\nCALLCENTER_QQ=1\n"
    ) == (
        "CALLCENTER_MAX_CALL is unknown; did you mean CALLCENTER_MAX_CALLS?",
        "CALLCENTER_OPENAI_API_KEY is unknown; write OPENAI_API_KEY",
        "CALLCENTER_QQ is unknown; .env.example lists every one",
        "CALLCENTER_RETENTON_DAYS is unknown; did you mean CALLCENTER_RETENTION_DAYS?",
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("LIVEKIT_URL=phone.example", "does not begin with a known scheme; write wss://… or ws"),
        ("LIVEKIT_URL=wss://", "names no host"),
        ("LIVEKIT_URL=wss://host:99999", "is no address"),
        ("OPENAI_BASE_URL=api.example/v1", "does not begin with a known scheme; write https://…"),
        ("OPENAI_BASE_URL='https://a b'", "contains a space"),
        ("REDIS_URL=localhost:6379", "cannot be used: a store's URL starts with redis://"),
        ("REDIS_URL=redis://h:70000", "cannot be used: a port in the store's URL"),
        ("OPENAI_API_KEY='two words'", "contains a space or an unprintable character"),
        ("CALLCENTER_LLM=gpt", "is not a value it can have; write auto, offline or openai"),
        ("CALLCENTER_MAX_CALLS=0", "write a whole number from 1 to 10000"),
        ("CALLCENTER_MAX_CALLS=many", "write a whole number from 1 to 10000"),
        ("CALLCENTER_MAX_CALLS=1.5", "write a whole number from 1 to 10000"),
        ("CALLCENTER_STORE_PATIENCE=nan", "write a number from 0.05 to 30"),
        ("CALLCENTER_TOOL_TIMEOUT=inf", "write a number from 0.1 to 120"),
        ("CALLCENTER_FALSE_INTERRUPTION_TIMEOUT=99", "write a number from 0.1 to 30, or none"),
        ("CALLCENTER_REMEMBER_CALLERS=perhaps", "write true or false"),
        ("CALLCENTER_LOG_LEVEL=LOUD", "write DEBUG, INFO, WARNING or ERROR"),
        ("CALLCENTER_REGION=Atlantis", "is no country; write its two letters"),
        ("CALLCENTER_SCRIPTS_DIR=/no/such/folder", "is no folder"),
        ("CALLCENTER_TTS_TEXT_TRANSFORMS=shout", "write filter_markdown or filter_emoji"),
    ],
)
def test_a_bad_value_is_named_and_advised_but_never_shown(line: str, problem: str) -> None:
    """One line: which variable, what is wrong, what to write."""
    (found,) = problems(line + "\n")
    name, _, value = line.partition("=")
    assert found.startswith(f"{name} ")
    assert problem in found
    # Short ones may be part of the advice.
    assert len(value) < 8 or value.strip("'") not in found


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("CALLCENTER_LLM=openai", "neither OPENAI_API_KEY nor OPENAI_BASE_URL is set"),
        ("CALLCENTER_STT=deepgram", "DEEPGRAM_API_KEY is not set"),
        ("CALLCENTER_TTS=cartesia", "CARTESIA_API_KEY is not set"),
        ("CALLCENTER_STORE=redis", "REDIS_URL is not set"),
        ("CALLCENTER_REDIS_REPLICAS=1", "needs a store with replicas"),
        ("CALLCENTER_MAX_ENDPOINTING_DELAY=0.1", "is less than CALLCENTER_MIN_ENDPOINTING_DELAY"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(line: str, problem: str) -> None:
    """Found at the start, not in the first call."""
    (found,) = problems(line + "\n")
    assert problem in found


def test_every_problem_is_told_at_once() -> None:
    """Nobody mends one line after the other, and no value is printed."""
    found = problems(
        f"LIVEKIT_URL={SECRET}\nOPENAI_API_KEY='{SECRET} x'\nCALLCENTER_MAX_CALLS={SECRET}\n"
        f"REDIS_URL=redis://:{SECRET}@host/x\nCALLCENTER_LLMM={SECRET}\n"
    )
    assert len(found) == 5
    assert SECRET not in "".join(found)


def test_a_file_that_is_not_utf8_is_named() -> None:
    """Not a traceback about byte 0xff."""
    Path(".env").write_bytes(b"CALLCENTER_LLM_MODEL=\xff\n")
    with pytest.raises(SettingsError, match=r"^\.env is not UTF-8 text; save it"):
        Settings.load()


def test_a_file_that_cannot_be_read_is_named() -> None:
    """A folder called .env, for one."""
    Path(".env").mkdir()
    with pytest.raises(SettingsError, match=r"^\.env cannot be read \(Is a directory\)"):
        Settings.load()


def test_a_line_that_cannot_be_understood_is_named() -> None:
    """It would otherwise be skipped in silence."""
    assert problems("CALLCENTER_LLM=offline\nOPENAI_API_KEY='never closed\n") == (
        ".env line 2 cannot be understood; write NAME=value",
    )


def test_only_the_usual_file_may_be_absent() -> None:
    """A path that somebody wrote must exist."""
    with pytest.raises(SettingsError, match=r"^prod\.env does not exist"):
        Settings.load("prod.env")
    assert Settings.load(None) == Settings()


# --- .env.example ---


def test_the_example_is_written_from_the_code() -> None:
    """Run `python -m callcenter.settings > .env.example` after a change."""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example()


def test_the_example_holds_every_setting_and_no_other() -> None:
    """Both ways, without trusting the generator."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = [
        line[1:].partition("=")[0] for line in lines if line.startswith("#") and line[1] != " "
    ]
    assert shown == list(variables(Settings))


def test_the_example_can_be_used_as_it_is(clean_surroundings: Path) -> None:
    """Every default it shows is a value that `load` accepts and means the default."""
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    used = [line[1:] if line.startswith("#") and line[1] != " " else line for line in lines]
    (clean_surroundings / ".env").write_text("\n".join(used), encoding="utf-8")
    assert Settings.load() == Settings()


def test_every_setting_has_its_reason() -> None:
    """A knob nobody can explain is no knob."""
    assert all(len(field.description or "") > 12 for field in Settings.model_fields.values())
