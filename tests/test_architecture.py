"""The house keeps its own rules: the README's tree, sizes, names, what desks say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows import DESKS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SOURCE = [
    path for package in ("callcenter", "flows", "sip") for path in (ROOT / package).rglob("*.py")
]
BANNED = re.compile(r"\b(helpers?|utils?|common|manager|base)\b")


def listed() -> set[str]:
    """Every path in the README's tree."""
    block = re.search(r"```\n(pyproject\.toml.*?)```", README, re.DOTALL)
    assert block is not None
    found, folder = set(), ""
    for line in block[1].splitlines():
        indented = line.startswith("  ")
        names = re.split(r"\s{2,}", line.strip())[0].split()
        if not indented:
            folder = names[0] if names[0].endswith("/") else ""
            found.add(names[0].rstrip("/"))
        else:
            found |= {(folder + name).rstrip("/") for name in names}
    return found


def test_everything_in_the_readme_tree_exists() -> None:
    """A newcomer who follows the tree arrives."""
    missing = {path for path in listed() if not (ROOT / path).exists()}
    assert not missing


def test_everything_that_exists_is_in_the_readme_tree() -> None:
    """A new module shows itself to newcomers."""
    real = {
        f"{package}/{path.name}"
        for package in ("callcenter", "flows")
        for path in (ROOT / package).iterdir()
        if not path.name.startswith("__")
    }
    assert real <= listed()


def test_no_module_passes_the_ceiling() -> None:
    """Four hundred lines; most are far below."""
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCE}
    assert {str(path.relative_to(ROOT)): n for path, n in sizes.items() if n > 400} == {}
    assert sorted(sizes.values())[len(sizes) // 2] <= 180


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function of the source."""
    for path in SOURCE:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield str(path.relative_to(ROOT)), node


def test_no_function_passes_the_ceiling() -> None:
    """Sixty lines, save for tables in the form of a match statement."""
    tables = {"_told"}
    long = {
        (path, node.name)
        for path, node in functions()
        if (node.end_lineno or 0) - node.lineno >= 62 and node.name not in tables
    }
    assert long == set()


def test_no_module_has_a_name_that_says_nothing() -> None:
    """A helper is called by what it helps with."""
    assert [path for path in SOURCE if BANNED.search(path.stem.replace("_", " "))] == []


@pytest.mark.parametrize("department", DESKS)
def test_a_desk_declares_every_phrase_it_says(department: str) -> None:
    """So that a script that lacks one fails at start and not in a call."""
    desk = next(desk for name, desk in DESKS.items() if name == department)
    files = {ROOT / f"{kind.__module__.replace('.', '/')}.py" for kind in desk.__mro__[:-2]}
    said: set[str] = set()
    for path in files & set(SOURCE):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func) == "self.script.say"
                and isinstance(node.args[0], ast.Constant)
            ):
                said.add(str(node.args[0].value))
    assert said <= desk.needs.keys()


def test_the_test_in_the_readme_is_one_that_runs() -> None:
    """It stands in tests/calls too, where it has to pass."""
    (shown,) = re.findall(r"```python\n(async def test_.*?)```", README, re.DOTALL)
    run = (ROOT / "tests/calls/test_readme_example.py").read_text("utf-8")
    run = run.replace("  # type: ignore[no-untyped-def]", "")
    assert shown.strip() in run
