"""Chats in OpenAI's form: `{"messages": [...]}` a line, a bare list of messages a line, or the output of a batch.

What stands before the first answer is the prompt; everything after it is the response, with the answers of tools and
users marked as such.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import Located, Place, Reader, Record, boolean, integer, number, split, text
from traceanalytics.readers.json_values import json_text, kind_of, parse
from traceanalytics.readers.messages import Message, conversation, is_messages, prompt_text
from traceanalytics.readers.shapes import Shape, located_records
from traceanalytics.types import JSON, Rollout, Split, Tokens

_ASKED = "traceanalytics.asked"  # the key under which `answered` gives `refine_answer` the messages of the request
_TAKEN = {"custom_id", "response", "error", _ASKED}
_BODY_TAKEN = {"choices", "model"}


def refine(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    """Part prompt and response at the first answer."""
    messages = record["messages"]
    if not is_messages(messages):
        raise BadRecord("messages is no list of messages with a role each")
    said = conversation(messages)
    yield replace(
        rollout,
        prompt=said.prompt,
        response=said.response,
        messages=said.messages,
        turns=said.turns,
        extra={key: value for key, value in rollout.extra.items() if key != "messages"},
    )


def answered(file: BinaryIO, place: Place) -> Iterator[Located]:
    """Read the lines of a batch's output, each with the messages that its input asked under the same `custom_id`."""
    asked = _asked_beside(place.path)
    for located in located_records(file, Shape.LINES):
        if isinstance(located.record, Mapping):
            question = asked.get(json_text(located.record.get("custom_id")))
            yield replace(located, record={**located.record, _ASKED: question})
        else:
            yield located


def refine_answer(record: Record, rollout: Rollout, place: Place) -> Iterable[Rollout]:
    """Take each choice of an answered request."""
    body = _body(record)
    choices, usage = body["choices"], body.get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, Mapping) and len(choices) == 1 else None
    extra = {key: value for key, value in record.items() if key not in _TAKEN}
    extra |= {"custom_id": record["custom_id"], **{key: body[key] for key in body if key not in _BODY_TAKEN}}
    for index, choice in enumerate(choices):
        if not isinstance(choice, Mapping):
            raise BadRecord(f"a choice is {kind_of(choice)}, where it must be an object")
        yield replace(
            _said(choice, record[_ASKED], rollout),
            split=Split.EVAL,
            group_id=f"{place.name}:{json_text(record['custom_id'])}",
            group_source="custom_id",
            sample_index=index,
            finish_reason=choice.get("finish_reason"),
            n_tokens=tokens if isinstance(tokens, int) else None,
            tokens=_tokens(choice.get("logprobs")),
            model=body["model"] if isinstance(body.get("model"), str) else None,
            extra=extra,
        )


def _fits(records: Sequence[Record], place: Place) -> bool:
    """Leave files alone whose messages are prompts only."""
    return any(is_messages(record["messages"]) and _has_answer(record["messages"]) for record in records)


def _fits_answers(records: Sequence[Record], place: Place) -> bool:
    return all(isinstance(record["response"], Mapping | None) for record in records)


def _has_answer(talk: Iterable[Message]) -> bool:
    return any(message["role"] == "assistant" for message in talk)


def _body(record: Record) -> Mapping[str, JSON]:
    response, error = record["response"], record.get("error")
    if not isinstance(response, Mapping) or error:
        raise BadRecord(f"the request failed: {_reason(error)}")
    body = response.get("body")
    if response.get("status_code", 200) != 200:
        failure = body.get("error") if isinstance(body, Mapping) else body
        raise BadRecord(f"the request failed with status {response['status_code']}: {_reason(failure)}")
    if not isinstance(body, Mapping) or not isinstance(body.get("choices"), list) or not body["choices"]:
        raise BadRecord("response.body holds no choices")
    return body


def _reason(error: JSON) -> str:
    message = error.get("message") if isinstance(error, Mapping) else error
    return str(message) if message else "no reason given"


def _said(choice: Message, asked: JSON, rollout: Rollout) -> Rollout:
    prompt = prompt_text(asked) if is_messages(asked) else asked
    if is_messages([choice.get("message")]):
        said = conversation([], [choice["message"]])
        return replace(rollout, prompt=prompt, response=said.response, messages=said.messages, turns=said.turns)
    if isinstance(choice.get("text"), str):
        return replace(rollout, prompt=prompt, response=choice["text"])
    raise BadRecord("a choice holds neither a message nor a text")


def _tokens(logprobs: JSON) -> Tokens | None:
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not isinstance(content, list):
        return None
    values = [token.get("logprob") if isinstance(token, Mapping) else None for token in content]
    numbers = [float(value) for value in values if isinstance(value, int | float)]
    return Tokens(logprobs=numbers) if numbers and len(numbers) == len(values) else None


def _asked_beside(path: Path) -> dict[str, JSON]:
    """Find what was asked in the batch's input, wherever it lies in the folder of its output."""
    found: dict[str, JSON] = {}
    for file in sorted(path.parent.glob("*.jsonl")):
        if file != path:
            found.update(_requests(file, file.stat().st_mtime_ns))
    return found


@lru_cache(maxsize=8)
def _requests(path: Path, changed_at: int) -> dict[str, JSON]:
    """Read the messages or prompts of a batch's input by `custom_id`; any other file has none."""
    asked: dict[str, JSON] = {}
    with path.open("rb") as file:
        for line in file:
            request, _ = parse(line)
            body = request.get("body") if isinstance(request, Mapping) else None
            if not isinstance(body, Mapping):
                break
            asked[json_text(request.get("custom_id"))] = body.get("messages", body.get("prompt"))
    return asked


openai_chat = Reader(
    name="openai_chat",
    framework="openai",
    recognizes=(
        "JSON lines with messages (role and content: a text, null or parts; reasoning_content, reasoning or thinking; "
        "tool_calls), or a bare list of messages a line; beside them step, reward, correct, model, split, ground_truth"
    ),
    lacks=(
        "where few-shot examples end, as they look like answers; step, reward, correctness, group and why a response "
        "ended, unless the writer put them beside messages"
    ),
    log_better=(
        "write {'messages': […], 'step': 40, 'reward': 1.0, 'correct': true, 'split': 'train', 'sample_index': 3}\n"
        "keep reasoning under reasoning_content, and tool answers as messages of the role tool\n"
        "give tool answers 'is_error': true or false, so that valid actions can be counted"
    ),
    needs=frozenset({"messages"}),
    fits=_fits,
    fields={
        "step": integer("step", "global_step"),
        "split": split("split"),
        "reward": number("reward", "score"),
        "correct": boolean("correct", "is_correct"),
        "ground_truth": text("ground_truth", "answer", "target", "label"),
        "prediction": text("prediction", "pred"),
        "sample_index": integer("sample_index"),
        "group_id": text("group_id", "prompt_id"),
        "finish_reason": text("finish_reason", "stop_reason"),
        "model": text("model"),
        "dataset": text("dataset", "data_source"),
    },
    step_in_name=r"(?:^(?=\d+\.json)|(?:step|checkpoint|iter|iteration)[_-]?)(\d+)",
    refine=refine,
    takes={
        "prompt": "messages before the first of an assistant",
        "response": "messages from there on; those of tools and users marked as not the model's",
        "turns": "the same, an answer and what followed it each",
    },
)

openai_batch = Reader(
    name="openai_batch",
    framework="openai",
    recognizes=(
        "output of OpenAI's batch interface: custom_id and response.body with choices, usage and model; the prompts "
        "from the batch's input, where it lies beside it"
    ),
    lacks="the prompt, unless the batch's input is kept; correctness, ground truth and step",
    log_better=(
        "keep the input file in the folder of the output\n"
        "ask for n choices in one request rather than n requests, so that they are one group\n"
        "'logprobs': true in the request gives each token's"
    ),
    needs=frozenset({"custom_id", "response"}),
    fits=_fits_answers,
    step_in_name=r"(?:step|checkpoint|iter|iteration)[_-]?(\d+)",
    refine=refine_answer,
    takes={
        "response": "response.body.choices, one each",
        "prompt": "body.messages or body.prompt under the same custom_id in a file beside it",
        "finish_reason": "finish_reason of the choice",
        "model": "response.body.model",
        "n_tokens": "response.body.usage.completion_tokens, where there is one choice",
        "tokens": "logprobs of the choice",
        "group_id": "custom_id, within the file",
        "sample_index": "the place in choices",
        "split": "eval",
    },
    records=answered,
)
