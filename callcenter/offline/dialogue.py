"""Dialogue: what to do next, derived anew from everything that was said and done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from callcenter.offline import phrases
from callcenter.offline.answers import chosen, leading_yes_no
from callcenter.offline.filling import Filled, Today, fill, form_of, own_words, settled
from callcenter.offline.matching import MATCHED, SURE, Index, Match
from callcenter.offline.moves import (
    Call,
    Called,
    Freedom,
    Heard,
    Item,
    Returned,
    Said,
    Say,
    Seated,
)
from callcenter.offline.numbers import amounts_in
from callcenter.offline.parameters import Json, Parameter
from callcenter.offline.past import Turn, fresh_outputs, utterances
from callcenter.offline.skills import Skill
from callcenter.offline.smalltalk import SmallTalk, small_talk
from callcenter.offline.words import words_in


@dataclass(slots=True)
class _Thread:
    """Where a conversation stands: the tool in mind, what it was told, what was asked."""

    rescued: bool
    """Whether the last thing that happened before was a rescue."""
    skill: Skill | None = None
    values: dict[str, Json] = field(default_factory=dict)
    asked: Parameter | None = None
    failures: int = 0
    misses: int = 0

    def drop(self) -> None:
        self.skill, self.values, self.asked, self.failures = None, {}, None, 0

    @property
    def question(self) -> str:
        return self.asked.question if self.asked is not None else ""


_RESCUED_AFTER = 3
_NEAR = 0.2
"""Matches that differ by less are nearly equal."""
_MOST_ITEMS = 200
_MOST_TURNS = 40
_PATIENCE = 3
"""How often desks may speak or change with no word of the caller before nothing is called."""


class Understudy:
    """One desk's rules; stateless, so that the same past always leads to the same move."""

    def __init__(self, skills: Sequence[Skill], today: Today, passing_on: Collection[str]) -> None:
        self._skills = {skill.name: skill for skill in skills}
        self._today = today
        self._index = Index(sample for skill in skills for sample in skill.samples())
        self._offers = tuple(dict.fromkeys(s.hints.offer for s in skills if s.hints.offer))
        self._rescue = next((skill for skill in skills if skill.hints.rescue), None)
        rescue = {skill.name for skill in skills if skill.hints.rescue}
        self._not_on_entering = frozenset(passing_on) | rescue

    def decide(
        self, past: Sequence[Item], *, freedom: Freedom = "auto", named: str = ""
    ) -> Say | Call:
        """The next move."""
        past = past[-_MOST_ITEMS:]
        outputs = fresh_outputs(past)
        if outputs is not None:
            return Say(_spoken(outputs))
        turns, entering = self._turns(past)
        thread = self._replayed(past, turns[:-1])
        text = turns[-1].text if turns else ""
        if named in self._skills and freedom != "none":
            return self._named(thread, self._skills[named], text)
        if not turns:
            return Say(phrases.OPENING)
        move = (self._entered if entering else self._step)(thread, turns[-1], past)
        if isinstance(move, Call) and freedom == "none":
            return Say(phrases.NOT_NOW)
        if isinstance(move, Say) and freedom == "required" and thread.skill is None:
            return self._nearest(thread, text) or move
        return move

    def _turns(self, past: Sequence[Item]) -> tuple[list[Turn], bool]:
        """What the caller said since the last tool, and whether the desk spoke since."""
        spoken = [item for item in past if isinstance(item, Heard | Said)]
        entering = bool(spoken) and isinstance(spoken[-1], Said)
        start = 1 + max(
            (n for n, one in enumerate(past) if isinstance(one, Called | Returned)), default=-1
        )
        turns = utterances(past, start)
        if not turns and entering:
            heard = max((n for n, item in enumerate(past) if isinstance(item, Heard)), default=-1)
            since = {item.tool for item in past[heard:] if isinstance(item, Called)}
            if heard >= 0 and since and not since & self._skills.keys():
                turns = utterances(past[: heard + 1], heard)
        return turns[-_MOST_TURNS:], entering

    def _replayed(self, past: Sequence[Item], turns: Sequence[Turn]) -> _Thread:
        called = [item.tool for item in past if isinstance(item, Called)]
        last = self._skills.get(called[-1]) if called else None
        rescued = last is not None and last.hints.rescue
        thread = _Thread(rescued)
        for turn in turns:
            if isinstance(self._step(thread, turn, ()), Call):
                thread = _Thread(rescued)
        return thread

    def _entered(self, thread: _Thread, turn: Turn, past: Sequence[Item]) -> Say | Call:
        """The first move of a desk that was just seated, or that was told to say something."""
        heard = max(n for n, item in enumerate(past) if isinstance(item, Heard))
        since = past[heard + 1 :]
        tries = max(sum(isinstance(item, kind) for item in since) for kind in (Said, Seated))
        move = self._step(thread, turn, past, banned=self._not_on_entering)
        if isinstance(move, Call):
            barred = move.tool in self._not_on_entering or tries >= _PATIENCE
            return Say(phrases.OPENING) if barred else move
        return Say(thread.question or phrases.OPENING)

    def _step(
        self,
        thread: _Thread,
        turn: Turn,
        past: Sequence[Item],
        *,
        banned: Collection[str] = (),
    ) -> Say | Call:
        """Hears one utterance."""
        text = turn.text
        matches = [match for match in self._index.match(text) if match.tool not in banned]
        best = self._fitting(matches, text)
        talk = small_talk(text)
        if talk is not None and talk.bare and best is not None and best.score < SURE:
            best = None
        if thread.skill is None:
            self._take_up_question(thread, turn, best, banned)
        if thread.skill is not None:
            return self._go_on(thread, thread.skill, text, best, talk, past)
        answer = self._answering(turn)
        if answer is not None and answer.tool not in banned:
            best = answer if best is None or best.score < answer.score else best
        if best is not None:
            return self._start(thread, self._skills[best.tool], text, best)
        if (skill := self._by_shape(text)) is not None and skill.name not in banned:
            return self._start(thread, skill, text)
        if talk is not None:
            return self._chat(thread, talk, past)
        return self._missed(thread, text) or Say(
            phrases.not_understood(self._offers, thread.misses)
        )

    def _fitting(self, matches: Sequence[Match], text: str) -> Match | None:
        """The best match; of nearly equal ones that which is told something it needs."""
        near = [m for m in matches if m.score >= max(MATCHED, matches[0].score - _NEAR)]
        if len(near) < 2 or near[0].score >= 1.0:
            return near[0] if near else None
        for match in near:
            missing = self._skills[match.tool].missing({})
            wanted = [p for p in missing if p.kind in {"date", "amount", "digits", "count"}]
            if wanted and fill(wanted, text, self._today).values:
                return match
        return near[0]

    def _take_up_question(
        self, thread: _Thread, turn: Turn, best: Match | None, banned: Collection[str]
    ) -> None:
        """A tool may have asked one of its own questions; the answer is for that tool."""
        for skill in self._skills.values():
            for parameter in skill.parameters:
                if skill.name in banned or not _is_asked(parameter, turn.before):
                    continue
                filled = fill([parameter], turn.text, self._today, asked=parameter)
                if not filled.values or (not parameter.required and skill.missing(filled.values)):
                    continue
                if (
                    best is None
                    or best.tool == skill.name
                    or not _switches(best, parameter, filled)
                ):
                    thread.skill, thread.values, thread.asked = skill, {}, parameter
                    return

    def _answering(self, turn: Turn) -> Match | None:
        """`No, there is no light`: a tool for yes or no, above all if a question was asked."""
        answer = leading_yes_no(turn.text)
        asked = turn.before.rstrip().endswith("?")
        return self._index.answering(answer, 0.8 if asked else 0.55) if answer is not None else None

    def _go_on(
        self,
        thread: _Thread,
        skill: Skill,
        text: str,
        best: Match | None,
        talk: SmallTalk | None,
        past: Sequence[Item],
    ) -> Say | Call:
        """Hears an utterance while a tool still has to be told something."""
        asked = thread.asked
        wanted = [p for p in skill.parameters if p.name not in thread.values]
        filled = fill(wanted, text, self._today, asked=asked)
        if asked is not None and asked.name not in filled.values:
            self._settle_asked(skill, asked, text, filled)
        if best is not None and best.tool != skill.name and _switches(best, asked, filled):
            return self._start(thread, self._skills[best.tool], text, best)
        free = asked is not None and asked.kind in {"words", "name"}
        answered = bool(filled.values) and not free
        if talk is not None and not answered and (talk.bare or not filled.values):
            return self._chat(thread, talk, past)
        if filled.values:
            thread.values.update(filled.values)
            thread.failures = thread.misses = 0
            return self._advance(thread, skill)
        thread.failures += 1
        again = phrases.asked_again(asked, thread.failures, filled.miscounted) if asked else ""
        return self._missed(thread, text) or Say(again or phrases.OPENING)

    def _start(
        self, thread: _Thread, skill: Skill, text: str, match: Match | None = None
    ) -> Say | Call:
        """Takes up a tool with everything that the utterance tells it."""
        kept = _carried(thread, skill)
        told = match.arguments if match is not None else {}
        values: dict[str, Json] = {}
        for parameter in skill.parameters:
            argument = told.get(parameter.name)
            if argument is not None and match is not None and _settles(match, parameter, text):
                values[parameter.name] = settled(parameter, argument, self._today)
        values = {name: value for name, value in values.items() if value is not None}
        wanted = skill.parameters
        if match is not None and match.score >= SURE:
            wanted = tuple(p for p in skill.parameters if p.name not in values)
        first = next(iter(skill.missing(values)), None)
        shape = first if match is None else None
        filled = fill(wanted, text, self._today, asked=shape)
        thread.drop()
        thread.misses = 0
        thread.skill = skill
        thread.values = kept | values | filled.values
        for parameter in skill.parameters:
            if not parameter.own_words or parameter.name in thread.values:
                continue
            if (said := own_words(parameter, text)) is not None:
                thread.values[parameter.name] = said
        return self._advance(thread, skill)

    def _advance(self, thread: _Thread, skill: Skill) -> Say | Call:
        """Asks for what is missing, or calls the tool."""
        missing = next(iter(skill.missing(thread.values)), None)
        if missing is None:
            return Call(skill.name, skill.arguments(thread.values))
        if missing is not thread.asked:
            thread.asked, thread.failures = missing, 0
        return Say(missing.question)

    def _settle_asked(self, skill: Skill, asked: Parameter, text: str, filled: Filled) -> None:
        """An example of the tool may answer for a choice: "my router is dead" for `support`."""
        if asked.kind not in {"choice", "flag"}:
            return
        argument = self._index.settled(text, skill.name, asked.name)
        if argument is not None:
            value = settled(asked, argument, self._today)
            if value is not None:
                filled.values[asked.name] = value

    def _chat(self, thread: _Thread, talk: SmallTalk, past: Sequence[Item]) -> Say:
        thread.misses = 0
        if talk.topic == "repeat":
            said = [item.text for item in past if isinstance(item, Said) and item.text.strip()]
            return Say(said[-1] if said else thread.question or phrases.OPENING)
        if talk.topic == "drop":
            thread.drop()
            return Say(phrases.DROPPED)
        if talk.topic == "help":
            if thread.asked is not None:
                return Say(f"{form_of(thread.asked)} {thread.question}")
            return Say(phrases.help_on(self._offers))
        if talk.topic == "bye":
            thread.drop()
        return Say(phrases.reply_to(talk.topic, thread.question))

    def _missed(self, thread: _Thread, text: str) -> Call | None:
        """Counts a misunderstanding; a call of the rescue tool if there were too many in a row."""
        thread.misses += 1
        skill = self._rescue
        if thread.misses < _RESCUED_AFTER or thread.rescued or skill is None:
            return None
        values = fill(skill.parameters, text, self._today).values
        for parameter in skill.parameters:
            if parameter.name not in values and parameter.kind == "words":
                values[parameter.name] = own_words(parameter, text or "I was not understood.")
        if skill.missing(values):
            return None
        return Call(skill.name, skill.arguments(values))

    def _by_shape(self, text: str) -> Skill | None:
        """The tool whose first question is answered by nothing but digits, a date or an amount."""
        words = words_in(text)
        if not words or len(words) > 30:
            return None
        for skill in self._skills.values():
            missing = skill.missing({})
            first = next(iter(missing), None)
            if first is not None and first.kind == "digits" and _is_only(first, text, self._today):
                return skill
        for skill in self._skills.values():
            days = [p for p in skill.missing({}) if p.kind == "date"]
            filled = fill(days[:1], text, self._today)
            if filled.values and not filled.rest:
                return skill
        if any(marked for _, marked in amounts_in(words)):
            for skill in self._skills.values():
                sums = [p for p in skill.missing({}) if p.kind == "amount"]
                if sums and _is_only(sums[0], text, self._today):
                    return skill
        return None

    def _named(self, thread: _Thread, skill: Skill, text: str) -> Say | Call:
        """The tool that has to be called, or the question that it still needs."""
        if thread.skill is skill and thread.asked is not None:
            wanted = [p for p in skill.parameters if p.name not in thread.values]
            thread.values |= fill(wanted, text, self._today, asked=thread.asked).values
            return self._advance(thread, skill)
        match = next((m for m in self._index.match(text) if m.tool == skill.name), None)
        return self._start(thread, skill, text, match or Match(skill.name, 0.0, {}))

    def _nearest(self, thread: _Thread, text: str) -> Call | None:
        """Some tool that can be called, when one has to be."""
        names = [match.tool for match in self._index.match(text)]
        names += list(self._skills) if len(self._skills) == 1 else []
        for name in names:
            move = self._named(_Thread(thread.rescued), self._skills[name], text)
            if isinstance(move, Call):
                return move
        return None


def _spoken(outputs: Sequence[Returned]) -> str:
    texts = [phrases.APOLOGY if one.failed else " ".join(one.text.split()) for one in outputs]
    return " ".join(dict.fromkeys(text for text in texts if text)) or phrases.DONE


def _is_asked(parameter: Parameter, said: str) -> bool:
    question = " ".join(words_in(parameter.question))
    return bool(question) and question in " ".join(words_in(said))


def _switches(best: Match, asked: Parameter | None, filled: Filled) -> bool:
    """Whether the caller wants another tool rather than to answer the question."""
    if asked is None or asked.name not in filled.values:
        return best.score >= (0.6 if not filled.values else SURE)
    if asked.kind == "words":
        return best.score >= 0.9
    if asked.kind == "name":
        return best.score >= SURE
    return best.score >= SURE and bool(filled.rest)


def _settles(match: Match, parameter: Parameter, text: str) -> bool:
    """Not if the example names the choice ("connect me to billing") and the caller does not."""
    if match.score >= SURE or parameter.kind != "choice":
        return True
    named = chosen(words_in(match.text), parameter.choices)
    return named is None or chosen(words_in(text), parameter.choices) is named


def _carried(thread: _Thread, skill: Skill) -> dict[str, Json]:
    """What the caller told the last tool of himself and need not say again."""
    told = (
        {p.name for p in thread.skill.parameters if p.kind in {"digits", "name"}}
        if thread.skill
        else set()
    )
    return {
        p.name: thread.values[p.name]
        for p in skill.parameters
        if p.name in told and p.name in thread.values and p.accepts(thread.values[p.name])
    }


def _is_only(parameter: Parameter, text: str, today: Today) -> bool:
    filled = fill([parameter], text, today, asked=parameter)
    return parameter.name in filled.values and not filled.rest
