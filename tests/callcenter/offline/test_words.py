"""What a recogniser writes down becomes words that compare."""

from __future__ import annotations

import pytest

from callcenter.offline.words import alike, clean, clip, sentence_list, stem, words_in


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("What's my balance?", "what is my balance"),
        ("I don't want to", "i do not want to"),
        ("i dont wanna", "i do not want to"),
        ("I can’t pay", "i can not pay"),
        ("Bob's account", "bob account"),
        ("forty-four", "forty four"),
        ("$1,234.50 on 11/27", "$ 1,234.50 on 11/27"),
        ("the 27th", "the 27th"),
        ("４４７１", "4471"),
        ("٤٤٧١", "4471"),
        ("a\x00b\tc\u202e", "a b c"),
        ("🙂 👍🏽", ""),
        ("", ""),
        ("привет мир", "привет мир"),
    ],
)
def test_words_are_lower_case_and_written_out(said: str, words: str) -> None:
    """Contractions, typographic signs and foreign digits make no difference."""
    assert " ".join(words_in(said)) == words


@pytest.mark.parametrize(
    "family",
    [
        ("pay", "paid", "paying", "payment", "payments", "pays"),
        ("charge", "charges", "charged", "charging"),
        ("cancel", "cancelled", "canceled", "cancellation"),
        ("bill", "bills", "billing", "billed"),
        ("invoice", "invoices"),
        ("address", "addresses"),
        ("open", "opening", "opens"),
    ],
)
def test_forms_of_a_word_have_one_stem(family: tuple[str, ...]) -> None:
    """Matching must not depend on grammar."""
    assert len({stem(word) for word in family}) == 1


@pytest.mark.parametrize(
    ("one", "other", "most", "same"),
    [
        ("payment", "paymnet", 1, True),
        ("balance", "balence", 1, True),
        ("technician", "tecnishian", 2, False),
        ("internet", "internat", 1, True),
        ("bill", "pill", 0, False),
        ("a", "abcdef", 2, False),
    ],
)
def test_slips_are_counted_in_letters(one: str, other: str, most: int, *, same: bool) -> None:
    """A swapped pair is one slip."""
    assert alike(one, other, most) is same


def test_very_long_speech_keeps_both_ends() -> None:
    """A request stands at the start or at the end of a long story."""
    story = "start " + "word " * 10_000 + "end"
    assert len(clip(story)) <= 4_001
    assert words_in(story)[0] == "start"
    assert words_in(story)[-1] == "end"


def test_cleaning_keeps_case_and_drops_what_cannot_be_said() -> None:
    """Names keep their capitals; lone surrogates and control characters go."""
    assert clean("Ann\ud800 Lee\x07") == "Ann Lee"


@pytest.mark.parametrize(
    ("things", "sentence"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (list("abc"), "a, b or c")],
)
def test_lists_are_spoken_with_or(things: list[str], sentence: str) -> None:
    """Commas, then `or`."""
    assert sentence_list(things) == sentence
