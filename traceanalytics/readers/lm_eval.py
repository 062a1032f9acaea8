"""lm-evaluation-harness: `--log_samples` writes `samples_<task>_<date>.jsonl`, a line for each filter of each document.

A filter reads its answer out of the same responses as the others, so that a document's lines are one rollout for each
response, with the metrics of all filters.
"""

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import md5
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import Located, Place, Reader, Record, step_from_name, text
from traceanalytics.readers.json_values import json_text
from traceanalytics.readers.messages import is_messages, prompt_text
from traceanalytics.readers.shapes import Shape, located_records
from traceanalytics.types import JSON, Rollout, Split

_STEP = r"(?:step|checkpoint|iter|iteration)[_-]?(\d+)"
_FILE = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d{2}-\d{2}T[\d:.-]+?)\.jsonl")
_PRETRAINED = re.compile(r"(?:^|,)(?:pretrained|model|path)=([^,]+)")
_TELLS_RIGHT = ("exact_match", "acc", "pass@1", "math_verify", "prompt_level_strict_acc")
_FILTERS = "traceanalytics.filters"  # the key under which `records` tells `refine` what every line says of a document
_NO_METRICS = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics", _FILTERS}
_REFUSED = "a loglikelihood task: the model rated texts that were given and wrote none, so there is no response"


def records(file: BinaryIO, place: Place) -> Iterator[Located]:
    """Read the lines, each with what the filters of all lines say of its document."""
    stream = file if file.seekable() else BytesIO(file.read())
    filters: dict[Hashable, dict[str, JSON]] = {}
    for located in located_records(stream, Shape.LINES):
        if isinstance(located.record, Mapping):
            filters.setdefault(_document(located.record), {}).update(_said_by_filter(located.record))
    stream.seek(0)
    for located in located_records(stream, Shape.LINES):
        if isinstance(located.record, Mapping):
            yield replace(located, record={**located.record, _FILTERS: filters[_document(located.record)]})
        else:
            yield located


def refine(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    """Take each response; metrics belong to it only where the document has no other."""
    responses = list(_responses(record))
    filters = record[_FILTERS]
    metrics = {name: value for said in filters.values() for name, value in said["metrics"].items()}
    alone = len(responses) == 1
    right, told_by = _correctness(metrics) if alone else (None, None)
    file = _FILE.search(place.name)
    evaluation = place.facts.get("evaluations", {}).get(file["date"], {}) if file else {}
    task = file["task"] if file else None
    model = evaluation.get("model") or (_folder(place).replace("__", "/") if file else None) or None
    step = None if step_from_name(_STEP, place.name) is not None else step_from_name(_STEP, model or "")
    extra = {key: value for key, value in rollout.extra.items() if key not in _NO_METRICS or key in ("doc_id", "doc")}
    extra = {key: value for key, value in extra.items() if key not in _metrics_of(record)}
    if not alone:
        extra["metrics of all responses"] = metrics
    if evaluation.get("deletes_reasoning"):
        extra["reasoning"] = "deleted before logging: think_end_token"
    for index, (prompt, settings, response) in enumerate(responses):
        yield replace(
            rollout,
            response=response,
            prompt=prompt,
            split=Split.EVAL,
            step=step,
            step_source="model" if step is not None else None,
            group_id=f"{place.name}:{json_text(record['doc_id'])}",
            group_source="doc_id",
            sample_index=index,
            reward_components=metrics if alone else {},
            correct=right,
            correct_source=told_by,
            prediction=_answer(record.get("filtered_resps")) if alone else None,
            model=model,
            dataset=task,
            level=_level(record["doc"]),
            condition=_condition(settings, evaluation.get("fewshot", {}).get(task)),
            extra=extra,
        )


def repeats(rollout: Rollout) -> Hashable:
    """Name a response by its document in its file: each filter's line holds it again."""
    return rollout.group_id, rollout.sample_index, rollout.response


def facts(folder: Path) -> Mapping[str, JSON]:
    """Read from each `results_<date>.json` which model was evaluated, how, and with what result."""
    evaluations = {}
    for path in sorted(folder.glob("results_*.json")):
        try:
            results = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(results, Mapping) and isinstance(results.get("results"), Mapping):
            evaluations[path.stem.removeprefix("results_")] = _evaluation(results)
    models = {evaluation["model"] for evaluation in evaluations.values()}
    model = models.pop() if len(models) == 1 else None
    return {key: value for key, value in {"model": model, "evaluations": evaluations}.items() if value}


def _refusal(records: Sequence[Record]) -> str | None:
    """Refuse a loglikelihood task as a whole, whose lines are many."""
    return _REFUSED if not any(_has_settings(record.get("arguments")) for record in records) else None


def _has_settings(arguments: JSON) -> bool:
    try:
        return any(isinstance(settings, Mapping) for _, settings in _requests(arguments))
    except BadRecord:
        return True  # whatever this is, its lines say it one by one


def _evaluation(results: Mapping[str, JSON]) -> dict[str, JSON]:
    config = results["config"] if isinstance(results.get("config"), Mapping) else {}
    arguments = config.get("model_args")
    written = arguments if isinstance(arguments, str) else json_text(arguments)
    named = _PRETRAINED.search(written)
    pretrained = arguments.get("pretrained") if isinstance(arguments, Mapping) else named and named[1]
    return {
        "model": results.get("model_name") or pretrained,
        "model_args": arguments,
        "fewshot": results["n-shot"] if isinstance(results.get("n-shot"), Mapping) else {},
        "results": results["results"],
        "deletes_reasoning": "think_end_token" in written,
    }


def _responses(record: Record) -> Iterator[tuple[str | None, Mapping[str, JSON], str]]:
    """Walk requests and their repeats, with the prompt and the settings of each."""
    requests, answered = _requests(record["arguments"]), record["resps"]
    if not isinstance(answered, list) or not answered:
        raise BadRecord("resps is no list of responses")
    for number, given in enumerate(answered):
        prompt, settings = requests[number] if number < len(requests) else (None, {})
        if not isinstance(settings, Mapping):
            raise BadRecord(_REFUSED)
        for response in given if isinstance(given, list) else [given]:
            if not isinstance(response, str):
                raise BadRecord(_REFUSED)
            yield _prompt(prompt), settings, response


def _requests(arguments: JSON) -> list[tuple[JSON, JSON]]:
    """Read prompt and settings of each request; a loglikelihood has the rated text in place of settings, or nothing."""
    written = list(arguments.values()) if isinstance(arguments, Mapping) else arguments
    if not isinstance(written, list):
        raise BadRecord("arguments hold no requests")
    pairs = [list(each.values()) if isinstance(each, Mapping) else each for each in written]
    return [(pair[0], pair[1]) if isinstance(pair, list) and len(pair) > 1 else (pair, None) for pair in pairs]


def _prompt(written: JSON) -> str | None:
    """Return the prompt; chat requests hold messages as JSON text."""
    while isinstance(written, list) and len(written) == 1 and not is_messages(written):
        [written] = written
    if isinstance(written, str) and written.startswith("[{"):
        try:
            written = json.loads(written)
        except ValueError:
            return str(written)
    if is_messages(written):
        return prompt_text(written)
    return written if written is None or isinstance(written, str) else json_text(written)


def _said_by_filter(record: Record) -> dict[str, JSON]:
    name = record.get("filter")
    suffix = f",{name}" if isinstance(name, str) and name != "none" else ""
    return {f"{name}": {"metrics": {f"{key}{suffix}": value for key, value in _metrics_of(record).items()}}}


def _metrics_of(record: Record) -> dict[str, float]:
    """Return the numbers among the metrics; before 2024-11 no list names them."""
    named = record.get("metrics")
    names = named if isinstance(named, list) else [key for key in record if key not in _NO_METRICS]
    return {name: float(record[name]) for name in names if isinstance(name, str) and _is_number(record.get(name))}


def _is_number(value: JSON) -> bool:
    return isinstance(value, int | float) and abs(value) < 1e18  # neither NaN nor infinite


def _correctness(metrics: Mapping[str, float]) -> tuple[bool | None, str | None]:
    """Take the first metric of the first filter that says right or wrong."""
    for name, value in metrics.items():
        if name.partition(",")[0] in _TELLS_RIGHT and value in (0.0, 1.0):
            return value == 1.0, name
    return None, None


def _answer(filtered: JSON) -> str | None:
    """Return what the line's filter read out of the response."""
    while isinstance(filtered, list) and len(filtered) == 1:
        [filtered] = filtered
    return filtered if isinstance(filtered, str) else None


def _level(document: JSON) -> str | None:
    level = document.get("level") if isinstance(document, Mapping) else None
    return None if level is None else str(level)


def _condition(settings: Mapping[str, JSON], fewshot: JSON) -> dict[str, str]:
    greedy = 0 if settings.get("do_sample") is False else None
    named = {
        "temperature": settings.get("temperature", greedy),
        "max_tokens": settings.get("max_gen_toks", settings.get("max_tokens")),
        "fewshot": fewshot,
    }
    return {name: str(value) for name, value in named.items() if value is not None}


def _folder(place: Place) -> str:
    """Return the name of the file's folder, which the harness names after the model."""
    return f"{place.root.name}/{place.name}".split("/")[-2] if place.path != place.root else place.path.parent.name


def _document(record: Record) -> Hashable:
    return json_text(record.get("doc_id")), md5(json_text(record.get("resps")).encode()).hexdigest()


lm_eval = Reader(
    name="lm_eval",
    framework="lm_eval",
    recognizes=(
        "<model>/samples_<task>_<date>.jsonl of --log_samples: doc_id, doc, target, arguments, resps, filtered_resps "
        "and each metric; the model and the results from results_<date>.json beside it"
    ),
    lacks=(
        "tokens; why a response ended; the reasoning, where think_end_token is set: it is deleted before logging; "
        "which of several responses to a document a metric is about; any response of a loglikelihood task"
    ),
    log_better=(
        "lm_eval … --log_samples --output_path OUT, and keep results_*.json beside the samples\n"
        "leave think_end_token out of --model_args, or the reasoning is lost\n"
        "name checkpoint folders global_step_<n>: the step is read from the model's name"
    ),
    needs=frozenset({"doc_id", "doc", "target", "arguments", "resps"}),
    refuses=_refusal,
    fields={"ground_truth": text("target")},
    step_in_name=_STEP,
    refine=refine,
    records=records,
    repeats=repeats,
    takes={
        "response": "resps, one each",
        "prompt": "arguments.gen_args_<n>.arg_0",
        "prediction": "filtered_resps of the first line of a document",
        "reward_components": "the metrics of all filters, as metric,filter",
        "correct": f"the first metric that is 0 or 1 and called {', '.join(_TELLS_RIGHT)}",
        "model": "results_<date>.json, else the folder",
        "dataset": "the task in the file name",
        "level": "doc.level",
        "condition": "temperature and max_tokens of arguments; fewshot of results_<date>.json",
        "group_id": "doc_id, within the file",
        "sample_index": "the place in resps",
        "step": "the model's name, where no folder or file is called after a step",
    },
    siblings=("results_*.json",),
    facts=facts,
)
