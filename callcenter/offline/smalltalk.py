"""Small talk: greetings, thanks and the like, which no tool is needed for."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from callcenter.offline.words import FILLERS, row, words_in

Topic = Literal["greeting", "well", "thanks", "robot", "repeat", "hold", "drop", "bye", "help"]


class SmallTalk(NamedTuple):
    """What a caller says beside the matter."""

    topic: Topic
    bare: bool
    """Whether nothing else was said."""


_WHAT = "(?:robot|bot|machine|computer|ai|human|person|real|automated|recording|alive)"
_ASKING = "(?:can you |could you |would you |please )*"
_PATTERNS: dict[Topic, tuple[str, ...]] = {
    "robot": (
        rf"(?:are|is) (?:you|this|it) (?:an? |just an? )?(?:real |actual |live |talking )?{_WHAT}",
        rf"am i (?:talking|speaking) (?:to|with) (?:an? )?(?:real |actual |live )?{_WHAT}",
    ),
    "repeat": (
        rf"{_ASKING}(?:repeat|say)(?: that| it| what you said)*(?: again| once more)+",
        rf"{_ASKING}repeat(?: that| it| yourself| the question| what you said)?",
        r"come again|pardon(?: me)?|say again|one more time",
        r"what did you (?:just )?say|what was (?:that|the question)",
        r"i (?:did|could|can) not (?:hear|catch|get|understand) (?:you|that|it|what you said)",
        r"^what$|^sorry$|^huh$",
    ),
    "hold": (
        r"hold on|hang on|bear with me|one (?:moment|second|sec|minute)",
        r"wait(?: a| one)?(?: moment| second| sec| minute| bit)?",
        r"(?:just |give me |in )?(?:a|1) (?:moment|second|sec|minute)",
        r"let me (?:see|check|think|look|find|grab|get)(?: it| that| my [a-z]+)?",
    ),
    "drop": (
        r"never mind|nevermind|forget (?:it|about it|that|about that)|cancel (?:that|it|this)",
        r"^cancel$|^stop$|skip (?:it|that|this)|leave it|something else|i changed my mind",
    ),
    "well": (r"how are you(?: doing| today)*|how is it going|how do you do|what is up",),
    "bye": (
        r"good ?bye|bye(?: bye)?|nothing else|that will be all|i am done|see you(?: later)?",
        r"that is all(?: for now| for today| i need(?:ed)?)?|talk to you later",
        r"have a (?:nice|good|great) (?:day|one|evening|night|weekend)",
    ),
    "thanks": (
        r"(?:many )?thanks?(?: you)?(?: so| very| a)?(?: much| lot)?",
        r"cheers|much appreciated",
    ),
    "help": (
        r"what can you do(?: for me)?|what are my options|what do you do",
        r"what can i (?:do|ask|say)(?: here)?|i need (?:some )?help",
        rf"{_ASKING}help(?: me)?(?: please)?",
    ),
    "greeting": (
        r"hello|hi|hey|howdy|greetings|good (?:morning|afternoon|evening|day)",
        r"are you (?:still )?there|(?:is )?anybody there|can you hear me",
    ),
}
_COMPILED = tuple(
    (topic, re.compile(rf"(?:^|(?<= ))(?:{'|'.join(patterns)})(?= |$)"))
    for topic, patterns in _PATTERNS.items()
)
_ANY = re.compile("|".join(pattern.pattern for _, pattern in _COMPILED))
_LONGEST = 12
_PADDING = FILLERS | frozenset(row("there again a it is i you then for now my the that today"))


def small_talk(text: str) -> SmallTalk | None:
    """What the caller says beside the matter, if that is most of what is said."""
    words = words_in(text)
    if not words or len(words) > _LONGEST:
        return None
    line = " ".join(words)
    for topic, pattern in _COMPILED:
        found = pattern.search(line)
        if found is None:
            continue
        rest = _ANY.sub(" ", f"{line[: found.start()]} {line[found.end() :]}").split()
        strange = [word for word in rest if word not in _PADDING]
        if len(strange) <= (4 if topic in {"robot", "repeat"} else 1):
            return SmallTalk(topic, not strange)
    return None
