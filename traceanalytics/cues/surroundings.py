"""What stands around the segments of a batch: the segment before, and the prompt."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from traceanalytics.cues.alike import edges_of
from traceanalytics.cues.guards import spaced_words
from traceanalytics.segments import Batch

_LAST_BLANK, _LAST_OF_ASCII = 32, 127


class Surroundings:
    """Reads segments of a batch, and what guards ask of their context."""

    def __init__(self, batch: Batch) -> None:
        self._data, self._starts, self._stops = edges_of(batch, np.arange(len(batch.segments)))
        self._bytes = memoryview(self._data)  # type: ignore[arg-type]  # numpy's arrays are buffers
        self._first = batch.segments.first
        self._row = batch.segments.row
        prompts = batch.prompts.dictionary_encode()
        self._prompts: list[str] = [*prompts.dictionary.to_pylist(), ""]
        self._prompt_of = prompts.indices.fill_null(len(self._prompts) - 1).to_numpy()

    def texts(self, segments: NDArray[np.int64]) -> list[str]:
        """Return the texts of segments."""
        places = zip(self._starts[segments].tolist(), self._stops[segments].tolist(), strict=True)
        return [str(self._bytes[start:stop], "utf-8", "replace") for start, stop in places]

    def text(self, at: int) -> str:
        """Return the text of a segment."""
        return str(self._bytes[self._starts[at] : self._stops[at]], "utf-8", "replace")

    def previous(self, at: int) -> str:
        """Return the segment before, empty for the first of a response."""
        return "" if at == self._first[self._row[at]] else self.text(at - 1)

    def prompt(self, at: int) -> str:
        """Return the prompt of a segment's response."""
        prompt: str = self._prompts[self._prompt_of[self._row[at]]]
        return prompt

    def follow_nothing(self, segments: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Say which segments open their response, or stand behind a blank one."""
        before = segments - 1
        found: NDArray[np.bool_] = segments == self._first[self._row[segments]]
        opening = self._data[np.where(found, 0, self._starts[before])]
        unsure = np.flatnonzero(~found & ((opening <= _LAST_BLANK) | (opening > _LAST_OF_ASCII)))
        found[unsure] = [not text.strip() for text in self.texts(before[unsure])]
        return found

    def echo(self, segments: NDArray[np.int64], echoes: Sequence[tuple[str, ...]]) -> NDArray[np.bool_]:
        """Say of which segments the prompt holds a word of those given for each."""
        numbers: dict[tuple[str, ...], int] = {}
        given = np.fromiter((numbers.setdefault(each, len(numbers)) for each in echoes), np.int64, len(echoes))
        words = list(numbers)
        pairs = self._prompt_of[self._row[segments]] * max(len(words), 1) + given
        distinct, which = np.unique(pairs, return_inverse=True)
        answers = [self._holds(pair // len(words), words[pair % len(words)]) for pair in distinct.tolist()]
        return np.array(answers, np.bool_)[which]

    def _holds(self, prompt: int, words: tuple[str, ...]) -> bool:
        """Say whether a prompt holds one of some words; where none stands at all, it need not be split into words."""
        text = self._prompts[prompt]
        folded = text.casefold()
        return any(word.strip() in folded and word in spaced_words(text) for word in words)
