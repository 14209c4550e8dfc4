"""Filling: the arguments of a tool, from a caller's words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from callcenter.offline.answers import Choice, chosen, name_in, only_yes_no, yes_no
from callcenter.offline.dates import dates_in
from callcenter.offline.numbers import amounts_in, digits_in, wholes_in
from callcenter.offline.parameters import Json, Parameter
from callcenter.offline.words import (
    FILLERS,
    LIGHT,
    STOP,
    Found,
    both_ends,
    clean,
    row,
    sentence_list,
    stem,
    words_in,
)

Today = Callable[[], date]

_TURNS = frozenset(row("no not actually sorry rather mean instead make wait"))
_LONGEST_WORDS = 1_000
_MOST_WORDS = 400
_PADDING = (
    FILLERS
    | STOP
    | LIGHT
    | frozenset(
        row(
            "dollars dollar bucks number account pin code date day digits yours mine sir madam maam"
            " think guess maybe say said thank you about around be ending"
        )
    )
)


class Filled(NamedTuple):
    """What was understood of an utterance: values by parameter, and the words left over."""

    values: dict[str, Json]
    rest: tuple[str, ...]
    """Telling words that became no value."""
    miscounted: int = 0
    """How many digits were read out, if that was too many or too few."""


class _Words:
    """The words of one utterance, struck off as they are used."""

    def __init__(self, text: str) -> None:
        self.words = both_ends(words_in(text), _MOST_WORDS)
        self.free = [True] * len(self.words)

    def take(self, found: Found[date] | Found[Decimal] | Found[int] | Found[str]) -> None:
        self.free[found.start : found.end] = [False] * (found.end - found.start)

    def is_free(self, found: Found[date] | Found[Decimal] | Found[int] | Found[str]) -> bool:
        return all(self.free[found.start : found.end])

    def before(self, at: int) -> set[str]:
        return set(self.words[max(0, at - 4) : at])

    def rest(self) -> tuple[str, ...]:
        return tuple(
            word
            for word, free in zip(self.words, self.free, strict=True)
            if free and word not in _PADDING
        )


def fill(
    parameters: Sequence[Parameter], text: str, today: Today, *, asked: Parameter | None = None
) -> Filled:
    """Every value that the words hold; `asked` is what they answer, if they answer something."""
    words = _Words(text)
    values: dict[str, Json] = {}
    miscounted = 0
    if asked is not None:
        miscounted = _fill_asked(asked, text, words, values, today)
    open_ones = [p for p in parameters if p.name not in values and p is not asked]
    _fill_dates(open_ones, words, values, today)
    _fill_amounts(open_ones, words, values, only_marked=True)
    _fill_digits(open_ones, words, values)
    _fill_counts(open_ones, words, values, named=True)
    _fill_amounts(open_ones, words, values, only_marked=False)
    _fill_counts(open_ones, words, values, named=False)
    for parameter in open_ones:
        if parameter.kind == "choice" and (choice := chosen(words.words, parameter.choices)):
            _put(values, parameter, choice.value)
        elif parameter.kind == "name" and (name := name_in(text, asked=False)):
            _put(values, parameter, name)
    return Filled(values, words.rest(), miscounted)


def own_words(parameter: Parameter, text: str) -> Json:
    """The caller's words themselves, as a list if that is what the tool takes."""
    said = clean(text)[:_LONGEST_WORDS].strip()
    if not said:
        return None
    return said if parameter.accepts(said) else [said] if parameter.accepts([said]) else None


def settled(parameter: Parameter, argument: str, today: Today) -> Json:
    """The value of an argument that an example settles."""
    if parameter.kind == "choice":
        for choice in parameter.choices:
            if argument in (choice.value, str(choice.value)):
                return choice.value
    if parameter.kind == "flag":
        return {"true": True, "false": False}.get(argument.lower(), yes_no(argument))
    if parameter.kind == "date" and (days := dates_in(words_in(argument), today(), asked=True)):
        return days[0].value.isoformat()
    if parameter.kind in {"count", "number"} and not parameter.accepts(argument):
        return None
    if parameter.kind == "count" and argument.isdecimal():
        return int(argument)
    return argument if parameter.accepts(argument) else None


def form_of(parameter: Parameter) -> str:
    """How to say what a parameter wants, for a caller who was not understood."""
    if parameter.kind == "digits" and parameter.length:
        least, most = parameter.length
        count = f"{least}" if least == most else f"{least} to {most}"
        return f"Please say the {count} digits one by one, like four, four, seven, one."
    if parameter.kind == "choice" and parameter.choices:
        names = [str(choice.value).replace("_", " ") for choice in parameter.choices]
        return f"Please say one of these: {sentence_list(names)}."
    if parameter.kind == "date" and parameter.birth:
        return "Please say the day with the year, like March fifth, nineteen eighty two."
    return {
        "digits": "Please say the digits one by one, like four, four, seven, one.",
        "amount": "Please say an amount, like fifty dollars.",
        "number": "Please say a number, like twelve.",
        "count": "Please say a whole number, like three.",
        "date": "Please say a day, like next Friday or November third.",
        "flag": "Please say yes or no.",
        "name": "Please say just the name.",
    }.get(parameter.kind, "Please say it in a few words.")


def _put(values: dict[str, Json], parameter: Parameter, value: Json) -> bool:
    if value is None or not parameter.accepts(value):
        return False
    values[parameter.name] = value
    return True


def _fill_asked(
    asked: Parameter, text: str, words: _Words, values: dict[str, Json], today: Today
) -> int:
    """Reads the answer to a question; how many digits there were if that was wrong."""
    if asked.kind == "digits":
        return _answer_digits(asked, words, values)
    if asked.kind == "flag":
        if (answer := yes_no(text)) is not None and _put(values, asked, answer):
            words.free = [only_yes_no(text) is None] * len(words.words)
    elif asked.kind == "choice":
        choice = chosen(words.words, asked.choices) or _numbered(asked, words)
        if choice is not None and _put(values, asked, choice.value) and len(words.words) <= 4:
            words.free = [False] * len(words.words)
    elif asked.kind == "name":
        if (name := name_in(text, asked=True)) and _put(values, asked, name):
            given = set(words_in(name))
            words.free = [word not in given for word in words.words]
    elif asked.kind == "words":
        runs = digits_in(words.words)
        if (
            len(runs) == 1
            and len(runs[0].value) > 2
            and runs[0].end - runs[0].start == len(words.words)
        ):
            text = runs[0].value  # a number in words is a number
        if (said := own_words(asked, text)) is not None and _put(values, asked, said):
            words.free = [False] * len(words.words)
    else:
        _answer_number(asked, words, values, today)
    return 0


def _answer_digits(asked: Parameter, words: _Words, values: dict[str, Json]) -> int:
    runs = digits_in(words.words)
    if not runs:
        return 0
    ordered = runs[::-1] if _TURNS.intersection(words.words) else runs
    joined = "".join(run.value for run in runs)
    for digits, used in (*((run.value, [run]) for run in ordered), (joined, runs)):
        if asked.length is None and len(runs) > 1 and used is not runs and ordered is runs:
            continue
        if _fits(digits, asked) and _put_digits(values, asked, digits):
            for run in used:
                words.take(run)
            return 0
    return len(joined)


def _answer_number(asked: Parameter, words: _Words, values: dict[str, Json], today: Today) -> None:
    """The date, amount or number that is the answer; the last one if callers correct themselves."""
    found: list[tuple[Json, Found[date] | Found[Decimal] | Found[int]]] = []
    if asked.kind == "date":
        days = dates_in(words.words, today(), past=asked.birth, asked=True)
        found = [(day.value.isoformat(), day) for day in days]
    elif asked.kind == "count":
        found = [(whole.value, whole) for whole in wholes_in(words.words)]
    else:
        amounts = amounts_in(words.words)
        if not _TURNS.intersection(words.words):
            amounts.sort(key=lambda one: not one[1])
        found = [(_number(asked, amount.value), amount) for amount, _ in amounts]
    if _TURNS.intersection(words.words):
        found.reverse()
    for value, where in found:
        if _put(values, asked, value):
            words.take(where)
            return


def _fill_dates(
    parameters: Sequence[Parameter], words: _Words, values: dict[str, Json], today: Today
) -> None:
    for parameter in parameters:
        if parameter.kind != "date":
            continue
        for day in dates_in(words.words, today(), past=parameter.birth):
            if words.is_free(day) and _put(values, parameter, day.value.isoformat()):
                words.take(day)
                break


def _fill_amounts(
    parameters: Sequence[Parameter], words: _Words, values: dict[str, Json], *, only_marked: bool
) -> None:
    kinds = {"amount"} if only_marked else {"amount", "number"}
    for parameter in parameters:
        if parameter.kind not in kinds or parameter.name in values:
            continue
        for amount, marked in amounts_in(words.words):
            if not words.is_free(amount) or (only_marked and not marked):
                continue
            if _is_pronoun(words, amount) and not marked:
                continue
            if _put(values, parameter, _number(parameter, amount.value)):
                words.take(amount)
                break


def _fill_digits(parameters: Sequence[Parameter], words: _Words, values: dict[str, Json]) -> None:
    """Digits go where their lead-in says ("pin 1234"), else where their count fits."""
    wanted = [p for p in parameters if p.kind == "digits"]
    if not wanted:
        return
    runs = [run for run in digits_in(words.words) if words.is_free(run)]
    for told in (True, False):
        for parameter in wanted:
            for run in runs:
                named = bool(words.before(run.start).intersection(parameter.names))
                enough = parameter.length is not None or len(run.value) >= 3
                if parameter.name in values or not words.is_free(run):
                    continue
                fits = _fits(run.value, parameter) and (named if told else enough)
                if fits and _put_digits(values, parameter, run.value):
                    words.take(run)


def _fill_counts(
    parameters: Sequence[Parameter], words: _Words, values: dict[str, Json], *, named: bool
) -> None:
    for parameter in parameters:
        if parameter.kind != "count" or parameter.name in values:
            continue
        stems = {stem(word) for word in parameter.names}
        for whole in wholes_in(words.words):
            beside = {stem(word) for word in words.words[max(0, whole.start - 2) : whole.end + 2]}
            belongs = bool(stems & beside) if named else not _is_pronoun(words, whole)
            if words.is_free(whole) and belongs and _put(values, parameter, whole.value):
                words.take(whole)
                break


def _fits(digits: str, parameter: Parameter) -> bool:
    if parameter.length is None:
        return len(digits) <= 40
    return parameter.length[0] <= len(digits) <= parameter.length[1]


def _put_digits(values: dict[str, Json], parameter: Parameter, digits: str) -> bool:
    return _put(values, parameter, digits) or (
        len(digits) <= 15 and _put(values, parameter, int(digits))
    )


def _number(parameter: Parameter, value: Decimal) -> Json:
    if parameter.kind == "number":
        return float(value)
    if value == value.to_integral_value():
        return f"{value.to_integral_value():f}"
    return f"{value:.2f}" if value == value.quantize(Decimal("0.01")) else f"{value:f}"


def _is_pronoun(words: _Words, found: Found[Decimal] | Found[int]) -> bool:
    return words.words[found.start : found.end] == ("one",)


def _numbered(asked: Parameter, words: _Words) -> Choice | None:
    """The choice that is a number and was said in words."""
    said = [whole.value for whole in wholes_in(words.words)]
    fitting = [choice for choice in asked.choices if choice.value in said]
    return fitting[0] if len(fitting) == 1 else None
