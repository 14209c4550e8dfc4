"""What is shipped: fast imports, exact locks, and nothing that belongs to one machine."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = ["deploy/requirements.lock", "deploy/requirements-dev.lock"]
HEAVY = ("livekit", "redis", "aiohttp", "numpy", "phonenumbers")


def locked(lock: str) -> set[str]:
    """The names a lock pins."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {canonicalize_name(name) for name in re.findall(r"^([\w.-]+)==", text, re.MULTILINE)}


def named(requirements: list[str]) -> set[str]:
    """The names of requirements."""
    return {canonicalize_name(Requirement(text).name) for text in requirements}


def tracked() -> list[Path]:
    """Every file that git keeps or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("no git checkout")
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


# --- imports ---


HELP = """
import sys
sys.argv = ["callcenter", "--help"]
from callcenter.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0
"""


@pytest.mark.parametrize(
    "code",
    [
        HELP,
        "import callcenter",
        "import callcenter.domain.call, callcenter.domain.report, sip",
        "import callcenter.testing.plugin",
    ],
)
def test_what_everyone_imports_loads_nothing_heavy(code: str, tmp_path: Path) -> None:
    """`--help` answers at once, and a test that needs no voice loads none."""
    check = f"{code}\nimport sys\nprint('loaded', *(set({HEAVY!r}) & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1].strip() == "loaded"


# --- metadata and locks ---


def test_the_licence_is_shipped_and_named() -> None:
    """Apache-2.0 in the metadata is the text in the file."""
    assert PROJECT["project"]["license"] == "Apache-2.0"
    for name in PROJECT["project"]["license-files"]:
        assert "Apache License" in (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_place(lock: str) -> None:
    """It must install from any index and on any machine."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    assert "file:" not in text
    assert "-e " not in text


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_hashes(lock: str) -> None:
    """Without one, pip would refuse the whole lock."""
    for entry in re.split(r"\n(?=\S)", (ROOT / lock).read_text(encoding="utf-8")):
        assert entry.startswith("#") or "--hash=sha256:" in entry, entry.splitlines()[0]


def test_every_dependency_is_locked() -> None:
    """`make lock` after a change of pyproject.toml."""
    runtime = named(PROJECT["project"]["dependencies"])
    extras = named([r for e in PROJECT["project"]["optional-dependencies"].values() for r in e])
    tools = named(PROJECT["dependency-groups"]["dev"] + PROJECT["build-system"]["requires"])
    embedded = named(PROJECT["project"]["optional-dependencies"]["embedded"])
    assert runtime | embedded <= locked(LOCKS[0])
    assert runtime | extras | tools <= locked(LOCKS[1])


def test_both_locks_pin_the_same_versions() -> None:
    """What is tested is what is deployed."""
    pins = [
        dict(re.findall(r"^([\w.-]+)==([^ \\\n]+)", (ROOT / lock).read_text("utf-8"), re.MULTILINE))
        for lock in LOCKS
    ]
    assert pins[0].items() <= pins[1].items()


def test_every_locked_version_is_allowed_by_the_project() -> None:
    """A lock that was edited by hand, or forgotten, is found here."""
    text = (ROOT / LOCKS[1]).read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([\w.-]+)==([^ \\\n]+)", text, re.MULTILINE))
    for wanted in map(Requirement, PROJECT["project"]["dependencies"]):
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), wanted


# --- tracked files ---

# Put together here, so that this file does not find itself.
_PLACES = re.compile(
    "|".join(("/ho" + r"me/(?!runner\b)\w", "/Us" + r"ers/\w", "/wo" + r"rk/\w", "/ro" + r"ot/\w",
              "file:" + "//", "py" + r"pi\.org", "pythonhos" + "ted"))
)  # fmt: skip


def test_tracked_files_name_no_machine_and_no_index() -> None:
    """Paths of whoever wrote them help nobody else, and an index is the installer's choice."""
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in _PLACES.finditer(text)]
    assert not found


def test_no_secrets_are_tracked() -> None:
    """`.env` stays at home; the example holds names only."""
    assert ROOT / ".env" not in tracked()
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert not re.search(r"(KEY|SECRET)=\S", example)


def test_ci_runs_the_words_of_the_makefile() -> None:
    """What passes at a desk passes there, and the other way round."""
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    targets = re.findall(r"^make ([\w-]+)", script, re.MULTILINE)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == ["test", "lint", "wheel-check"]
    assert all(f"\n{target}: " in makefile for target in targets)
    assert "run: .ci/run" in (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
