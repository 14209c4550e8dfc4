"""Vocabulary: the files a decoder needs, made from sayings once and kept in a cache folder."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from callcenter.offline.expected import ANSWERS
from callcenter.offline.language import START, NGrams
from callcenter.offline.phones import Phones
from callcenter.offline.sayings import Sayings

_log = logging.getLogger(__name__)

_EDITION = 1
"""Raise it when the files would come out differently from the same sayings."""
_COMMON_WORDS = 1500
_COMMON_WEIGHT = 200.0
_LEAST_WEIGHT = 0.5
_PLAIN = re.compile(r"[a-z]+(?:'[a-z]+)?")
_DICTIONARY, _GENERAL = "en-us/cmudict-en-us.dict", "en-us/en-us.lm.bin"


def prepared(sayings: Sayings, cache: Path) -> Path:
    """A folder with a dictionary and a language model for each expected answer.

    It is made if it is not there, which takes about three seconds. Several processes may do so at
    once: a folder appears complete or not at all.
    """
    folder = cache / f"ears-{_fingerprint(sayings)}"
    if (folder / "complete").exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix="ears-", suffix=".part", dir=cache))
    try:
        _write(sayings, fresh)
        if folder.exists():  # half a folder, of a disk that was full
            shutil.rmtree(folder, ignore_errors=True)
        try:
            fresh.rename(folder)
        except OSError:
            if not (folder / "complete").exists():
                raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def default_cache() -> Path:
    """Where files go that can be made again."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "callcenter"


def _fingerprint(sayings: Sayings) -> str:
    told = json.dumps(
        [
            sayings.wishes,
            sayings.desk_words,
            sayings.names,
            sayings.places,
            sorted(sayings.sounds.items()),
        ]
    )
    makers = [Path(__file__).with_name(f"{name}.py") for name in _MAKERS]
    parts = [str(_EDITION), version("pocketsphinx"), told, *(m.read_text("utf-8") for m in makers)]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


_MAKERS = ("frames", "language", "phones", "sayings", "spoken_numbers", "vocabulary")
"""Modules whose text decides what the files say."""


def _write(sayings: Sayings, folder: Path) -> None:
    from pocketsphinx import get_model_path

    models: dict[str, NGrams] = {}
    words: dict[str, float] = {}
    for answer in ANSWERS:
        models[answer] = NGrams()
        for weight, sentence in sayings.sentences(answer):
            models[answer].add(sentence, weight)
        # A word that is heard after one question may be said after any.
        words |= dict.fromkeys(models[answer].vocabulary - {START}, _LEAST_WEIGHT)
    phones = Phones(Path(get_model_path(_DICTIONARY)), sayings.sounds)
    for word, share in _common_words(phones, Path(get_model_path(_GENERAL))):
        words[word] = words.get(word, 0.0) + share * _COMMON_WEIGHT
    guessed = phones.write(words, folder / "words.dict")
    if guessed:
        _log.info("ears guess how these words sound: %s", ", ".join(guessed))
    for name, model in models.items():
        with (folder / f"{name}.lm").open("w", encoding="utf-8") as file:
            model.write_arpa(file, floor=words)
    (folder / "complete").write_text("", encoding="utf-8")


def _common_words(phones: Phones, general: Path) -> list[tuple[str, float]]:
    """The words people use most, by the recogniser's own model of English, with their shares."""
    from pocketsphinx import Config, LogMath, NGramModel

    scale: Any = LogMath()
    model = NGramModel(Config(lm=None, dict=None, hmm=None), scale, str(general))
    ranked = sorted(
        ((model.prob([word]), word) for word in phones.words if _PLAIN.fullmatch(word)),
        reverse=True,
    )[:_COMMON_WORDS]
    chances = [(word, scale.exp(rank)) for rank, word in ranked]
    total = sum(chance for _, chance in chances)
    return [(word, chance / total) for word, chance in chances]
