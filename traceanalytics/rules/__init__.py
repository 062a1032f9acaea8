"""Exact rules: what structure decides without a classifier; and the detectors that others published."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from traceanalytics.rules.finding import Finding, to_table

if TYPE_CHECKING:
    import pyarrow

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
    return to_table(_find_all(batch))


def _find_all(batch: "Batch") -> Iterator[tuple[int, Finding]]:
    import numpy as np

    from traceanalytics.rules import answers, coding, drift, gibberish, language, repetition, scan, truncation
    from traceanalytics.rules.reading import Reading, read_blocks, read_boxes
    from traceanalytics.rules.truncation_kernel import proper_ends

    flags, answers_from, words = scan.scanned(batch.responses)
    named = scan.words_by_row(words, len(batch))
    asks = scan.flags_of(batch.prompts)
    ends_properly = proper_ends(batch.responses).tolist()
    loops = repetition.repeating_rows(batch.responses)
    salads = gibberish.gibberish_rows(batch.responses)
    columns = (batch.responses, batch.prompts, batch.finish_reasons, batch.tool_outputs)
    told = (column.to_pylist() for column in columns)
    rows = zip(flags.tolist(), answers_from.tolist(), named, *told, strict=True)
    readings = [
        Reading(
            response,
            prompt or "",
            reason,
            tuple(outputs or ()),
            may_hold_markup=bool(found & scan.MARKUP),
            may_hold_thoughts=bool(found & scan.THOUGHT),
            code_words=code_words if found & scan.CODE_WORD else (),
            may_hold_code=bool(found & (scan.FENCE | scan.STATEMENT | scan.DIAGRAM)),
            answers_from=begin,
        )
        for found, begin, code_words, response, prompt, reason, outputs in rows
    ]
    may_code = scan.FENCE | scan.STATEMENT | scan.CODE_WORD | scan.MARKUP
    coders = [row for row, found in enumerate(flags.tolist()) if found & may_code]
    read_blocks([readings[row] for row in coders])
    answering = set(np.flatnonzero(flags & (scan.ANSWER | scan.MARKUP)).tolist())
    read_boxes([readings[row] for row in answering])
    drift.read_drifts([readings[row] for row in answering])
    of_code = dict(zip(coders, coding.find([readings[row] for row in coders]), strict=True))
    may_mix = np.flatnonzero((flags & (scan.SCRIPT | scan.ACCENT)) | (asks & scan.SCRIPT)).tolist()
    of_language = dict(zip(may_mix, language.find([readings[row] for row in may_mix]), strict=True))
    for row, reading in enumerate(readings):
        findings: list[Finding] = []
        if row in answering:
            findings += answers.find(reading)
            findings += drift.find(reading)
        findings += of_code.get(row, [])
        findings += of_language.get(row, [])
        if truncation.may_be_cut(reading.finish_reason):
            findings += truncation.find(reading, ends_properly[row])
        if row in loops:
            findings += repetition.find(reading, loops[row])
        if row in salads:
            findings += gibberish.find(reading, salads[row])
        for finding in findings:
            yield row, finding
