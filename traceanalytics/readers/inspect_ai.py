"""Inspect AI: an evaluation log is a `.eval` archive with a member per sample, or one `.json` document.

A cancelled evaluation has no `header.json`: `_journal/start.json` says what was run. A large sample is spread over
members of its own folder. Events, most of the bytes, are not kept.
"""

import re
from collections.abc import Hashable, Iterable, Mapping

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import (
    Place,
    Reader,
    Record,
    inner,
    numbers_in,
    objects_in,
    step_from_name,
    text_in,
)
from traceanalytics.readers.inspect_files import records_of
from traceanalytics.readers.messages import Conversation, Message, conversation_or_silence, is_messages
from traceanalytics.types import JSON, Rollout, Split, Tokens

_ATTACHMENT = "attachment://"
_STEP = r"(?:step|checkpoint)[-_]?(\d+)"
_SETTINGS = ("temperature", "top_p", "max_tokens")
_VERDICTS = {"C": True, "I": False, "N": False}
_VALUES = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0, "yes": 1.0, "true": 1.0, "no": 0.0, "false": 0.0}
_ENDINGS = {"max_tokens": "length", "model_length": "length"}
_LEFT_OUT = frozenset({"events", "events_data", "attachments", "messages", "input", "output", "target", "model_usage"})


def _refine(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    header = record["eval"]
    if not isinstance(record["samples"], list):
        raise BadRecord(f"samples is {type(record['samples']).__name__}; it must be a list")
    for sample in record["samples"]:
        if not isinstance(sample, Mapping) or "id" not in sample:
            raise BadRecord("a sample is no object with an id")
        yield _rollout(_resolved(sample), header, place)


def _rollout(sample: Record, header: JSON, place: Place) -> Rollout:
    found = _conversation(sample)
    components, verdict = _scores(sample)
    step, step_source = _step(header, place)
    return Rollout(
        prompt=found.prompt,
        response=found.response,
        messages=found.messages,
        turns=found.turns,
        split=Split.EVAL,
        step=step,
        step_source=step_source,
        group_id=f"{inner(header, 'task_id') or inner(header, 'task')}/{sample['id']}",
        group_source="id",
        sample_index=sample.get("epoch") if isinstance(sample.get("epoch"), int) else None,
        reward_components=components,
        ground_truth=_target(sample.get("target")),
        finish_reason=_ending(sample),
        n_tokens=_generated(sample, header, len(found.turns) > 1),
        model=text_in(header, "model") or text_in(sample, "output", "model"),
        dataset=text_in(header, "task"),
        level=text_in(sample, "metadata", "level"),
        condition=_condition(header),
        tokens=_tokens(sample),
        extra=_rest(sample, header),
        **verdict,
    )


def _resolved(sample: Record) -> Record:
    """Put texts back in the place of the references to them; pictures stay references."""
    attachments = sample["attachments"] if isinstance(sample.get("attachments"), Mapping) else {}
    texts = {f"{_ATTACHMENT}{key}": text for key, text in attachments.items() if not str(text).startswith("data:")}
    kept = {key: value for key, value in sample.items() if key not in ("events", "events_data", "attachments")}
    resolved: Record = _replaced(kept, texts) if texts else kept
    return resolved


def _replaced(value: JSON, texts: Mapping[str, JSON]) -> JSON:
    if isinstance(value, str):
        return texts.get(value, value) if value.startswith(_ATTACHMENT) else value
    if isinstance(value, dict):
        return {key: _replaced(item, texts) for key, item in value.items()}
    return [_replaced(item, texts) for item in value] if isinstance(value, list) else value


def _conversation(sample: Record) -> Conversation:
    """Split the conversation where the model began to write; answers among the sample's own input are no responses."""
    found = sample.get("messages")
    messages = [_with_error(message) for message in found] if is_messages(found) else _input(sample.get("input"))
    first = next((n for n, message in enumerate(messages) if _is_generated(message)), len(messages))
    answered = messages[first:] or _output(sample)
    return conversation_or_silence(messages[:first], answered)


def _with_error(message: Message) -> Message:
    """Say of a tool's answer without an error that it has none: Inspect writes no nulls."""
    return {"error": None, **message} if message.get("role") == "tool" else message


def _is_generated(message: Message) -> bool:
    return message.get("role") == "assistant" and message.get("source") != "input"


def _input(value: JSON) -> list[Message]:
    return value if is_messages(value) else [{"role": "user", "content": value}]


def _output(sample: Record) -> list[Message]:
    """Return the model's last message, where a solver keeps no conversation."""
    message = inner(sample, "output", "choices", 0, "message")
    completion = inner(sample, "output", "completion")
    if isinstance(message, Mapping):
        return [{"role": "assistant", **message}]
    return [{"role": "assistant", "content": completion}] if completion else []


def _scores(sample: Record) -> tuple[dict[str, float | None], dict[str, JSON]]:
    """Return every score as a component, and what the first scorer with a verdict says.

    C and I are a verdict and no reward; a lone number is a reward and no verdict.
    """
    scores = sample.get("scores") or ({"score": sample["score"]} if sample.get("score") else {})
    components: dict[str, float | None] = {}
    said: dict[str, JSON] = {}
    for scorer, score in scores.items() if isinstance(scores, dict) else ():
        value = inner(score, "value")
        components |= numbers_in(_parts(scorer, value))
        verdict = value if isinstance(value, bool) else _VERDICTS.get(value) if isinstance(value, str) else None
        if verdict is not None and "correct" not in said:
            said |= {"correct": verdict, "correct_source": f"scores.{scorer}", "prediction": text_in(score, "answer")}
        elif isinstance(value, int | float) and not isinstance(value, bool) and len(scores) == 1:
            said |= {"reward": components.get(scorer), "reward_source": f"scores.{scorer}"}
        said.setdefault("prediction", text_in(score, "answer"))
    return components, said


def _parts(scorer: str, value: JSON) -> dict[str, JSON]:
    if isinstance(value, dict):
        return {f"{scorer}.{key}": _as_number(part) for key, part in value.items()}
    if isinstance(value, list):
        return {f"{scorer}.{index}": _as_number(part) for index, part in enumerate(value)}
    return {scorer: _as_number(value)}


def _as_number(value: JSON) -> JSON:
    """Read the strings that stand for numbers as Inspect does; another string has none."""
    if not isinstance(value, str):
        return value
    if value in _VALUES or value.lower() in _VALUES:
        return _VALUES.get(value, _VALUES.get(value.lower()))
    try:
        return float(value)
    except ValueError:
        return value


def _target(target: JSON) -> str | None:
    """Return the target; several right answers are kept as a JSON list, and an empty one is none."""
    return text_in(target[0] if isinstance(target, list) and len(target) == 1 else target) or None


def _ending(sample: Record) -> str | None:
    if sample.get("error"):
        return "error"
    if inner(sample, "limit", "type") in ("token", "context"):
        return "length"
    reason = inner(sample, "output", "choices", 0, "stop_reason")
    return _ENDINGS.get(reason, reason) if isinstance(reason, str) and reason != "unknown" else None


def _generated(sample: Record, header: JSON, has_turns: bool) -> int | None:
    """Count output tokens: `output` counts the last call alone, `model_usage` all calls of the model."""
    usage = inner(sample, "output", "usage")
    if has_turns:
        usage = inner(sample, "model_usage", inner(header, "model") or "")
    count = inner(usage, "output_tokens")
    return count if isinstance(count, int) else None


def _tokens(sample: Record) -> Tokens | None:
    content = objects_in(inner(sample, "output", "choices", 0, "logprobs", "content"))
    logprobs = [token["logprob"] for token in content if isinstance(token.get("logprob"), int | float)]
    return Tokens(logprobs=logprobs) if logprobs and len(logprobs) == len(content) else None


def _condition(header: JSON) -> dict[str, str]:
    settings = inner(header, "model_generate_config")
    return {key: str(inner(settings, key)) for key in _SETTINGS if inner(settings, key) is not None}


def _step(header: JSON, place: Place) -> tuple[int | None, str | None]:
    """Find the training step that was evaluated: told to the task, else in the model's name, else in a folder's."""
    for key in ("metadata", "task_args", "model_args"):
        step = inner(header, key, "step")
        if isinstance(step, int) and not isinstance(step, bool):
            return step, "field"
    found = re.search(_STEP, str(inner(header, "model") or ""))
    if found is not None:
        return int(found[1]), "field"
    step = step_from_name(_STEP, f"{place.root.name}/{place.name.rpartition('/')[0]}")
    return step, "directory" if step is not None else None


def _rest(sample: Record, header: JSON) -> dict[str, JSON]:
    about = {key: inner(header, key) for key in ("task_id", "run_id", "created") if inner(header, key) is not None}
    return {
        **{key: value for key, value in sample.items() if key not in _LEFT_OUT and value not in ({}, [])},
        "eval": about,
    }


def _once(rollout: Rollout) -> Hashable:
    """Recognize a sample that a retried evaluation copied from the log before."""
    return rollout.extra.get("uuid")


inspect_ai = Reader(
    name="inspect",
    framework="Inspect AI",
    recognizes=(
        "`.eval` archives (deflate or Zstandard; cancelled, without header, large samples in chunks) and `.json` logs "
        "with `version`, `eval` and `samples`. Reasoning stands inside `<think>`"
    ),
    lacks=(
        "the training step, unless the task's arguments, its metadata, the model's name or a folder say `step_200`; "
        "a partial score (P) is no verdict; events, such as retried calls, are not kept"
    ),
    log_better=(
        "inspect eval TASK --model MODEL --epochs 8 --metadata step=200: epochs make groups, and the step is kept\n"
        "inspect eval … --logprobs: keeps the probability of each token\n"
        "ta ingest logs/ --run NAME, also while the evaluation runs"
    ),
    needs=frozenset({"version", "eval", "samples"}),
    split=lambda place: Split.EVAL,
    takes={
        "step": "eval: metadata, task_args or model_args called step, else the model's name, else a folder's",
        "prompt": "samples.messages, up to the first that was generated",
        "response": "samples.messages, from the first that was generated on, else samples.output",
        "turns": "samples.messages: each answer with the replies to it",
        "correct": "the first score that is C, I, N, true or false",
        "reward": "the score, where there is one and it is a number",
        "reward_components": "every score that is a number or stands for one",
        "prediction": "scores.answer",
        "ground_truth": "samples.target",
        "group_id": "eval.task_id and samples.id",
        "sample_index": "samples.epoch",
        "model": "eval.model",
        "dataset": "eval.task",
        "condition": "temperature, top_p and max_tokens of eval.model_generate_config",
        "finish_reason": "error, limit, output.choices.stop_reason",
        "n_tokens": "output.usage, or model_usage where there were several calls",
        "tokens": "output.choices.logprobs",
    },
    refine=_refine,
    records=records_of,
    suffixes=(".eval",),
    repeats=_once,
)
