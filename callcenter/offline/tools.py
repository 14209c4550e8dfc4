"""Tools: livekit's function tools, read as skills."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, get_type_hints

from livekit.agents import llm
from livekit.agents.llm.tool_context import CONFIRM_DUPLICATE_PARAM
from livekit.agents.llm.utils import is_context_type

from callcenter.domain.hints import hints_of
from callcenter.offline.parameters import Parameter, from_annotation, from_schema
from callcenter.offline.skills import Skill

FunctionTool = llm.FunctionTool[Any, Any]
"""Any function tool; bound to its desk or not."""
RawFunctionTool = llm.RawFunctionTool[Any, Any]

Callable = FunctionTool | RawFunctionTool


def callable_tools(tools: Iterable[object]) -> list[Callable]:
    """The tools that can be called, each name once, also those in tool sets."""
    found: dict[str, Callable] = {}
    for tool in tools:
        if isinstance(tool, llm.Toolset):
            for inner in callable_tools(tool.tools):
                found.setdefault(inner.info.name, inner)
        elif isinstance(tool, llm.FunctionTool | llm.RawFunctionTool):
            found.setdefault(tool.info.name, tool)
    return list(found.values())


def skill_of(tool: Callable) -> Skill:
    """What a tool needs to be told and when it is wanted."""
    if isinstance(tool, llm.RawFunctionTool):
        schema = tool.info.raw_schema
        return Skill(
            name=tool.info.name,
            description=str(schema.get("description") or ""),
            parameters=_described(schema.get("parameters")),
            hints=hints_of(tool),
        )
    return Skill(
        name=tool.info.name,
        description=tool.info.description or "",
        parameters=_declared(tool),
        hints=hints_of(tool),
    )


def _declared(tool: FunctionTool) -> tuple[Parameter, ...]:
    try:
        # The tool's own, as livekit reads them: a desk may have narrowed them on the tool.
        annotations = get_type_hints(tool, include_extras=True)
    except (NameError, TypeError, AttributeError, SyntaxError):
        annotations = {}  # livekit will refuse the call and the caller gets an apology
    found: list[Parameter] = []
    for name, parameter in inspect.signature(tool).parameters.items():
        annotation = annotations.get(name, str)
        if name in {"self", CONFIRM_DUPLICATE_PARAM} or is_context_type(
            annotation, allow_subclasses=True
        ):
            continue
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD}:
            continue
        required = parameter.default is parameter.empty
        is_required = getattr(parameter.default, "is_required", None)
        if callable(is_required):  # `amount: int = Field(...)`
            required = bool(is_required())
        found.append(from_annotation(name, annotation, required=required))
    return tuple(found)


def _described(schema: object) -> tuple[Parameter, ...]:
    if not isinstance(schema, dict):
        return ()
    properties = schema.get("properties")
    required = schema.get("required")
    needed = [*required] if isinstance(required, list | tuple) else []
    return tuple(
        from_schema(str(name), described, required=name in needed)
        for name, described in (properties.items() if isinstance(properties, dict) else ())
        if name != CONFIRM_DUPLICATE_PARAM or name in needed
    )
