"""Exact rules: what structure decides without a classifier; and the detectors that others published."""

from collections.abc import Callable, Iterable, Iterator
from operator import itemgetter
from typing import TYPE_CHECKING

from traceanalytics.rules.finding import Located, to_table

if TYPE_CHECKING:
    import pyarrow

    from traceanalytics.rules.reading import Reading
    from traceanalytics.rules.scan import Scanned
    from traceanalytics.segments import Batch

BEHAVIORS = (
    "code_reasoning",
    "code_verification",
    "predicted_output",
    "executed_code",
    "requested_code",
    "degenerate_code",
    "code_mention",
    "boxed_answer",
    "answer_tag",
    "think_tag",
    "truncated",
    "repetition_loop",
    "gibberish",
    "language_mixing",
    "post_answer_drift",
)


def find_all(batch: "Batch") -> "pyarrow.Table":
    """Run all rules over a batch: row, behavior, start, stop (code points), score and attributes of every finding."""
    return to_table(sorted(_find_all(batch), key=itemgetter(0)))


def _find_all(batch: "Batch") -> "Iterator[Located]":
    """Yield rule by rule what each finds in the rows in which the pass over the batch saw what it needs."""
    import numpy as np

    from traceanalytics.rules import answers, coding, drift, gibberish, language, repetition, scan, truncation
    from traceanalytics.rules.reading import read_blocks, read_boxes
    from traceanalytics.rules.truncation_kernel import proper_ends

    scanned = scan.scanned(batch.responses)
    readings = _readings(batch, scanned)

    def rows_with(flags: int) -> list[int]:
        return np.flatnonzero(scanned.flags & flags).tolist()

    def found(find: Callable[[list["Reading"]], Iterable[Located]], rows: list[int]) -> Iterator[Located]:
        return ((rows[i], finding) for i, finding in find([readings[row] for row in rows]))

    coders = rows_with(scan.FENCE | scan.STATEMENT | scan.CODE_WORD | scan.MARKUP)
    answering = [readings[row] for row in rows_with(scan.ANSWER)]
    read_blocks([readings[row] for row in coders])
    read_boxes(answering)
    drift.read_drifts(answering)
    yield from found(answers.find, rows_with(scan.ANSWER | scan.THOUGHT))
    yield from found(drift.find, rows_with(scan.ANSWER))
    yield from found(coding.find, coders)
    may_mix = (scanned.flags & (scan.SCRIPT | scan.ACCENT)) | (scan.flags_of(batch.prompts) & scan.SCRIPT)
    yield from found(language.find, np.flatnonzero(may_mix).tolist())
    yield from truncation.find(readings, proper_ends(batch.responses))
    for row, runs in repetition.repeating_rows(batch.responses).items():
        yield from ((row, finding) for finding in repetition.find(readings[row], runs))
    for row, stretches in gibberish.gibberish_rows(batch.responses).items():
        yield from ((row, finding) for finding in gibberish.find(readings[row], stretches))


def _readings(batch: "Batch", scanned: "Scanned") -> list["Reading"]:
    """Put each row of a batch with what the pass over it says that it may hold."""
    from traceanalytics.rules import scan
    from traceanalytics.rules.reading import Reading

    columns = (batch.responses, batch.prompts, batch.finish_reasons, batch.tool_outputs)
    told = (column.to_pylist() for column in columns)
    named = scan.words_by_row(scanned.words, len(batch))
    rows = zip(scanned.flags.tolist(), scanned.answers_from.tolist(), named, *told, strict=True)
    return [
        Reading(
            response,
            prompt or "",
            reason,
            tuple(outputs or ()),
            may_hold_markup=bool(held & scan.MARKUP),
            may_hold_thoughts=bool(held & scan.THOUGHT),
            code_words=code_words if held & scan.CODE_WORD else (),
            may_hold_code=bool(held & (scan.FENCE | scan.STATEMENT | scan.DIAGRAM)),
            may_hold_answers=bool(held & scan.ANSWER),
            may_hold_answer_tags=bool(held & scan.ANSWER_TAG),
            answers_from=begin,
        )
        for held, begin, code_words, response, prompt, reason, outputs in rows
    ]
