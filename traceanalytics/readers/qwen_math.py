"""Evaluations of mathematics that write a problem with all its samples: the Qwen2.5-Math harness, and two of its kin.

They have a habit in common: what was evaluated, and how, is said by the path alone.
"""

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import Located, Place, Reader, Record, step_from_name, text
from traceanalytics.readers.json_values import json_text, kind_of, parse
from traceanalytics.types import JSON, Rollout, Split, Tokens

_STEP = r"(?:step|checkpoint|iter|iteration)[_-]?(\d+)"
_SETTINGS = re.compile(r"[^_]+_(?P<template>.+)_-?\d+_seed(?P<seed>\d+)_t(?P<temperature>[\d.]+)_s-?\d+_e-?\d+")
_RANGE = re.compile(r"_s-?\d+_e-?\d+\.json.*$")
_OF_SAMPLES = frozenset({"code", "pred", "score", "report", "finish_reason"})
_BESIDE_WEIGHTS = {"actor", "hf", "hf_model", "huggingface", "math_eval"}


def refine(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    """Take each sample of a problem, with what the file's name and folders say of all of them."""
    dataset, model, condition = _said_by_path(place)
    group = f"{_RANGE.sub('', place.name)}:{json_text(record['idx'])}"
    shared = {key: value for key, value in rollout.extra.items() if key not in _OF_SAMPLES}
    for index, sample in enumerate(_side_by_side(record, _OF_SAMPLES & record.keys(), "code")):
        report = {} if sample.get("report") is None else {"report": sample["report"]}
        yield replace(
            rollout,
            response=sample["code"],
            split=Split.EVAL,
            group_id=group,
            group_source="idx",
            sample_index=index,
            correct=_truth(sample.get("score")),
            correct_source="score",
            prediction=_text(sample.get("pred")),
            finish_reason=_text(sample.get("finish_reason")),
            model=model,
            dataset=dataset,
            condition=condition,
            extra={**shared, **report},
        )


def repeats(rollout: Rollout) -> Hashable:
    """Name a sample: a run that goes on copies what earlier files of the same settings hold."""
    return rollout.group_id, rollout.sample_index, rollout.response


def facts(folder: Path) -> Mapping[str, JSON]:
    """Read the accuracies that the harness computed."""
    metrics = {}
    for path in sorted(folder.glob("*_metrics.json")):
        try:
            metrics[f"metrics of {folder.name}/{path.name.removesuffix('_metrics.json')}"] = json.loads(
                path.read_bytes()
            )
        except (OSError, ValueError):
            continue
    return metrics


def entries(file: BinaryIO, place: Place) -> Iterator[Located]:
    """Walk the problems of an evaluation that is one JSON object, each as an evaluation of it alone."""
    whole, fault = parse(file.read())
    if fault is not None or not isinstance(whole, Mapping) or not isinstance(whole.get("metadata"), list):
        yield Located(None, 1, 0, fault or "metadata is no list of problems")
        return
    for number, entry in enumerate(whole["metadata"], start=1):
        yield Located({**whole, "metadata": [entry]}, number)


def refine_entry(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    """Take each output of a problem; which of them are right, only their share in the file's `avg@k` says."""
    [entry] = record["metadata"]
    step, step_source = _step_of_model(record["model"], place)
    if not isinstance(entry, Mapping):
        raise BadRecord(f"a problem is {kind_of(entry)}, where it must be an object")
    for index, sample in enumerate(_side_by_side(entry, {"outputs", "correct"} & entry.keys(), "outputs")):
        yield replace(
            rollout,
            response=sample["outputs"],
            prompt=_text(entry.get("prompt")),
            ground_truth=_text(entry.get("label")),
            split=Split.EVAL,
            step=step,
            step_source=step_source,
            group_id=f"{place.name}:{json_text(entry.get('index'))}",
            group_source="index",
            sample_index=index,
            correct=_truth(sample.get("correct")),
            correct_source="correct" if "correct" in sample else None,
            condition={"temperature": str(record["temperature"])} if "temperature" in record else {},
            extra={key: value for key, value in rollout.extra.items() if key not in ("metadata", "temperature")},
        )


def refine_outputs(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    """Take each output of a problem with its reward and its tokens."""
    lists = {"model_output", "model_output_token_ids", "reward"} & record.keys()
    for index, sample in enumerate(_side_by_side(record, lists, "model_output")):
        token_ids, reward = sample.get("model_output_token_ids"), sample.get("reward")
        yield replace(
            rollout,
            response=sample["model_output"],
            split=Split.EVAL,
            ground_truth=_lone(record["gt"]),
            sample_index=index,
            reward=float(reward) if isinstance(reward, int | float) else None,
            reward_source="reward",
            tokens=Tokens(token_ids=token_ids) if isinstance(token_ids, list) else None,
            n_tokens=len(token_ids) if isinstance(token_ids, list) else None,
            extra={key: value for key, value in rollout.extra.items() if key not in lists},
        )


def _side_by_side(record: Record, keys: Iterable[str], responses: str) -> Iterator[dict[str, JSON]]:
    """Walk lists that hold one value a sample; a key that holds null says nothing of any."""
    lists = {key: record[key] for key in keys if record[key] is not None}
    for key, values in lists.items():
        if not isinstance(values, list):
            raise BadRecord(f"{key} is {kind_of(values)}, where it must be a list with a value a sample")
    lengths = {key: len(values) for key, values in lists.items()}
    if not lengths.get(responses):
        raise BadRecord(f"{responses} is empty, so there is no response")
    if len({*lengths.values()}) > 1:
        counted = ", ".join(f"{length} in {key}" for key, length in sorted(lengths.items()))
        raise BadRecord(f"the samples' lists differ in length: {counted}")
    for values in zip(*lists.values(), strict=True):
        sample = dict(zip(lists, values, strict=True))
        if not isinstance(sample[responses], str):
            raise BadRecord(f"{responses} holds {kind_of(sample[responses])}, where a response is a string")
        yield sample


def _said_by_path(place: Place) -> tuple[str | None, str | None, dict[str, str]]:
    """Read data set, model and settings from folders and file name, no farther up than the PATH that was given."""
    *folders, file = [part for part in re.split(r"[/!]", f"{place.root.name}/{place.name}") if part]
    named = _SETTINGS.match(file)
    condition = {key: named[key] for key in ("template", "temperature", "seed")} if named else {}
    model = None
    if "math_eval" in folders:
        above = folders[: folders.index("math_eval")]
        model = next((part for part in reversed(above) if not _is_beside_weights(part)), None)
    return (folders[-1] if folders else None), model, condition


def _is_beside_weights(folder: str) -> bool:
    return folder in _BESIDE_WEIGHTS or re.search(_STEP, folder) is not None


def _truth(value: JSON) -> bool | None:
    return bool(value) if isinstance(value, bool) or value in (0, 1) else None


def _text(value: JSON) -> str | None:
    return value if value is None or isinstance(value, str) else json_text(value)


def _lone(value: JSON) -> str | None:
    return _text(value[0] if isinstance(value, list) and len(value) == 1 else value)


def _step_of_model(model: JSON, place: Place) -> tuple[int | None, str | None]:
    """Read the step from the model's name, where no part of the path says one."""
    step = None if step_from_name(_STEP, place.name) is not None else step_from_name(_STEP, str(model))
    return step, None if step is None else "model"


qwen_math = Reader(
    name="qwen_math",
    framework="qwen_math",
    recognizes=(
        "<data set>/<split>_<template>_<n>_seed<s>_t<t>_s<a>_e<b>.jsonl of the Qwen2.5-Math harness and its copies: "
        "a problem a line, with idx, question, gt and the lists code, pred, score; the step, as in global_step_40, and "
        "the model, above math_eval, from its folders"
    ),
    lacks=(
        "the prompt as the model saw it; tokens; why a response ended (simpleRL's copy says it); the text from a stop "
        "word on"
    ),
    log_better=(
        "write to OUTPUT/<model>/global_step_<n>/math_eval, so that model and step are in the path\n"
        "--n_sampling 8 --temperature 0.6: one sample a problem says little about a model\n"
        "--save_outputs, and keep *_metrics.json beside them"
    ),
    needs=frozenset({"idx", "question", "gt", "code", "score"}),
    fields={"prompt": text("question"), "ground_truth": text("gt"), "level": text("level")},
    step_in_name=_STEP,
    refine=refine,
    repeats=repeats,
    takes={
        "response": "code, one each",
        "prediction": "pred, one each",
        "correct": "score, one each",
        "finish_reason": "finish_reason, one each, in simpleRL's copy",
        "dataset": "the file's folder",
        "model": "the folder above math_eval",
        "condition": "template, temperature and seed of the file name",
        "group_id": "idx, within a folder and its settings",
        "sample_index": "the place in the lists",
    },
    siblings=("*_metrics.json",),
    facts=facts,
)

spurious_rewards = Reader(
    name="spurious_rewards",
    framework="spurious_rewards",
    recognizes=(
        "<model>_<benchmark>.json of Spurious Rewards and TTRL: one object with avg@k, pass@k, model, dataset and, in "
        "metadata, each problem's prompt, label, index and outputs; the step from the model's name or a folder"
    ),
    lacks="which of the outputs are right: avg@k is all it says; `ta grade` compares them with the label; tokens",
    log_better=(
        "in eval_checkpoint.py, keep each problem's column of all_accuracies as metadata[i]['correct']\n"
        "or run `ta grade` after ingesting (extra: grade)\n"
        "export checkpoints to folders called global_step_<n>"
    ),
    needs=frozenset({"metadata", "model", "dataset"}),
    fits=lambda records, _: all(any(key.startswith("avg@") for key in record) for record in records),
    fields={"model": text("model"), "dataset": text("dataset")},
    step_in_name=_STEP,
    refine=refine_entry,
    takes={
        "response": "metadata[].outputs, one each",
        "prompt": "metadata[].prompt",
        "ground_truth": "metadata[].label",
        "correct": "metadata[].correct, one each, where somebody keeps it",
        "group_id": "metadata[].index, within the file",
        "sample_index": "the place in outputs",
        "condition": "temperature",
        "step": "the model's name, where no folder or file is called after a step",
    },
    records=entries,
)

understand_r1_zero = Reader(
    name="understand_r1_zero",
    framework="understand_r1_zero",
    recognizes=(
        "a JSON array of understand-r1-zero (Dr. GRPO): per problem task_name, prompt, gt and the lists model_output, "
        "model_output_token_ids, reward"
    ),
    lacks="model, template and step, unless the path says the step; the answer that was read from a response",
    log_better=(
        "give each evaluation a folder of its own, such as <model>/step_<n>\n"
        "ta ingest DIR --set model=<model> --condition template=<template>"
    ),
    needs=frozenset({"task_name", "prompt", "gt", "model_output", "reward"}),
    fields={"prompt": text("prompt"), "dataset": text("task_name")},
    step_in_name=_STEP,
    refine=refine_outputs,
    takes={
        "response": "model_output, one each",
        "reward": "reward, one each",
        "tokens": "model_output_token_ids, one each",
        "ground_truth": "gt",
        "sample_index": "the place in the lists",
    },
)
