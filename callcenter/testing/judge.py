"""judge: asks a real model whether words mean what a test says they should."""

from __future__ import annotations

from livekit.agents import llm

_QUESTION = (
    "You check what a phone agent said. Answer with the single word yes or no.\n"
    "The agent said: {heard}\nDoes this mean: {meaning}?"
)


async def judge(heard: str, meaning: str) -> bool:
    """Whether `heard` means `meaning`, as a model sees it."""
    from callcenter.settings import Settings
    from callcenter.wiring import brain

    context = llm.ChatContext.empty()
    context.add_message(role="user", content=_QUESTION.format(heard=heard, meaning=meaning))
    async with brain(Settings.load()) as model, model.chat(chat_ctx=context) as stream:
        answer = "".join(
            [chunk.delta.content or "" async for chunk in stream if chunk.delta is not None]
        )
    return answer.strip().lower().startswith("yes")
