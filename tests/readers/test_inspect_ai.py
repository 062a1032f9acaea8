"""Inspect's logs: archives of every packing and state, documents, and scores of every kind."""

import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard

from traceanalytics.errors import BadRecord
from traceanalytics.readers.base import Place
from traceanalytics.readers.inspect_ai import inspect_ai
from traceanalytics.readers.text import parts
from traceanalytics.store.store import Store
from traceanalytics.types import Rollout, Turn
from traceanalytics.verbs.ingest import ingest

STORED, DEFLATED, ZSTD = 0, 8, 93
PACK = {
    STORED: lambda data: data,
    DEFLATED: lambda data: zlib.compress(data, wbits=-15),
    ZSTD: zstandard.ZstdCompressor().compress,
}
ASKED = {"role": "user", "content": "What is 3*7-4?", "source": "input"}
ANSWERED = {"role": "assistant", "content": "ANSWER: 17", "source": "generate"}
HEADER = {
    "version": 2,
    "status": "success",
    "eval": {"task": "arith", "task_id": "T1", "model": "some/model", "model_generate_config": {"temperature": 0.7}},
}


def sample(**changed: Any) -> dict[str, Any]:
    output = {"model": "m", "choices": [{"message": ANSWERED, "stop_reason": "stop"}], "usage": {"output_tokens": 7}}
    known = {"id": "q1", "epoch": 1, "input": "What is 3*7-4?", "target": "17", "messages": [ASKED, ANSWERED]}
    scores = {"match": {"value": "C", "answer": "17", "explanation": "same"}}
    return known | {"output": output, "scores": scores, "metadata": {}, "events": [{"event": "state"}]} | changed


def pack(path: Path, members: Mapping[str, Any], method: int = DEFLATED) -> Path:
    """Write a zip by hand: Python below 3.14 knows no Zstandard."""
    packed, listed = b"", b""
    for name, value in members.items():
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        body, spelled = PACK[method](data), name.encode()
        about = struct.pack("<5H3I2H", 20, 0, method, 0, 33, zlib.crc32(data), len(body), len(data), len(spelled), 0)
        listed += b"PK\1\2\x14\0" + about + struct.pack("<3H2I", 0, 0, 0, 0, len(packed)) + spelled
        packed += b"PK\3\4" + about + spelled + body
    end = struct.pack("<4H2IH", 0, 0, len(members), len(members), len(listed), len(packed), 0)
    path.write_bytes(packed + listed + b"PK\5\6" + end)
    return path


def write_json(path: Path, *samples: Any, **changed: Any) -> Path:
    path.write_text(json.dumps(HEADER | {"samples": list(samples), "reductions": []} | changed, indent=2))
    return path


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTD], ids=["stored", "deflate", "zstd"])
def test_an_archive_is_read_in_every_packing(method: int, read, tmp_path: Path) -> None:
    members = {"_journal/start.json": HEADER, "samples/q1_epoch_1.json": sample(), "header.json": HEADER}
    [found] = read(pack(tmp_path / "a.eval", members, method), inspect_ai)
    assert (found.prompt, found.response, found.ground_truth) == ("What is 3*7-4?", "ANSWER: 17", "17")
    assert (found.group_id, found.sample_index, found.split) == ("T1/q1", 1, "eval")
    assert (found.model, found.dataset, found.condition) == ("some/model", "arith", {"temperature": "0.7"})
    assert (found.finish_reason, found.n_tokens) == ("stop", 7)


def test_a_document_is_read_like_an_archive(read, tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.eval", {"header.json": HEADER, "samples/q1_epoch_1.json": sample()})
    assert read(write_json(tmp_path / "a.json", sample()), inspect_ai) == read(archive, inspect_ai)


def test_a_cancelled_archive_without_header_is_read(read, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"_journal/start.json": HEADER, "samples/q1_epoch_1.json": sample()}, ZSTD)
    [found] = read(path, inspect_ai)
    assert (found.model, found.response) == ("some/model", "ANSWER: 17")


def test_a_cancelled_archive_without_samples_has_no_rollouts(read, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"_journal/start.json": HEADER, "summaries.json": []})
    assert read(path, inspect_ai) == []


def test_odd_sample_ids_are_found(read, tmp_path: Path) -> None:
    names = ("samples/a b/c_epoch_1.json", "samples/é\n_epoch_2.json", "samples/x.json_epoch_1.json")
    path = pack(tmp_path / "a.eval", {"header.json": HEADER, **{name: sample(id=name) for name in names}})
    assert [found.group_id for found in read(path, inspect_ai)] == [f"T1/{name}" for name in names]


def test_a_chunked_sample_is_put_together(read, tmp_path: Path) -> None:
    pooled = [ASKED, {"role": "user", "content": "Not used."}, {"role": "assistant", "content": "attachment://1"}]
    shell = {key: value for key, value in sample().items() if key not in ("messages", "metadata", "events")}
    members = {
        "header.json": HEADER,
        "samples/q1_epoch_1/sample.json": shell | {"message_refs": [[0, 1], [2, 4]]},
        "samples/q1_epoch_1/metadata.json": {"level": 3},
        "samples/q1_epoch_1/messages/0.json": pooled,
        "samples/q1_epoch_1/messages/3.json": [{"role": "user", "content": "Sure?"}],
        "samples/q1_epoch_1/attachments/0.json": ["first", "ANSWER: 17"],
        "samples/q1_epoch_1/events/0.json": [],
        "samples/q2_epoch_1.json": sample(id="q2"),
    }
    chunked, whole = read(pack(tmp_path / "a.eval", members, ZSTD), inspect_ai)
    assert (chunked.prompt, chunked.turns) == ("What is 3*7-4?", (Turn("assistant", "ANSWER: 17", "Sure?"),))
    assert (chunked.level, chunked.correct, whole.group_id) == ("3", True, "T1/q2")


def test_references_become_texts_and_pictures_stay_references(read, tmp_path: Path) -> None:
    picture = {"type": "image", "image": "attachment://b"}
    asked = {"role": "user", "content": [{"type": "text", "text": "attachment://a"}, picture]}
    texts = {"a": "What is 3*7-4?", "b": "data:image/png;base64,AAAA"}
    found = sample(messages=[asked, ANSWERED], target="attachment://c", attachments=texts | {"c": "17"})
    [read_back] = read(write_json(tmp_path / "a.json", found), inspect_ai)
    assert (read_back.prompt, read_back.ground_truth) == ("What is 3*7-4?\n[image]", "17")
    assert read_back.messages[0]["content"][1] == picture


def test_reasoning_stays_apart_from_the_answer(read, tmp_path: Path) -> None:
    content = [{"type": "reasoning", "reasoning": "21-4"}, {"type": "text", "text": "ANSWER: 17"}]
    [found] = read(
        write_json(tmp_path / "a.json", sample(messages=[ASKED, ANSWERED | {"content": content}])), inspect_ai
    )
    split = parts(found.response)
    assert found.response[slice(*split.reasoning)].strip() == "21-4"
    assert found.response[slice(*split.answer)].strip() == "ANSWER: 17"


def test_tool_calls_are_turns_that_failed_or_not(read, tmp_path: Path) -> None:
    calls = [{"id": "c1", "type": "function", "function": "python", "arguments": {"code": "3*7-4"}}]
    talk = [
        ASKED,
        ANSWERED | {"content": "", "tool_calls": calls},
        {"role": "tool", "content": "17", "tool_call_id": "c1"},
        ANSWERED | {"content": "", "tool_calls": calls},
        {"role": "tool", "content": "", "error": {"type": "timeout", "message": "slow"}},
        ANSWERED,
    ]
    usage = {"some/model": {"output_tokens": 50}, "judge": {"output_tokens": 5}}
    [found] = read(write_json(tmp_path / "a.json", sample(messages=talk, model_usage=usage)), inspect_ai)
    assert [turn.valid for turn in found.turns] == [True, False, None]
    assert found.n_tokens == 50


def test_answers_shown_as_examples_belong_to_the_prompt(read, tmp_path: Path) -> None:
    shown = [ASKED | {"content": "2+2?"}, ANSWERED | {"content": "4", "source": "input"}]
    [found] = read(write_json(tmp_path / "a.json", sample(messages=[*shown, ASKED, ANSWERED])), inspect_ai)
    assert found.prompt == "user\n2+2?\nassistant\n4\nuser\nWhat is 3*7-4?\nassistant\n"
    assert found.response == "ANSWER: 17"


@pytest.mark.parametrize(
    ("scores", "correct", "reward", "components"),
    [
        ({"match": {"value": "C"}}, True, None, {"match": 1.0}),
        ({"match": {"value": "I"}}, False, None, {"match": 0.0}),
        ({"match": {"value": "N"}}, False, None, {"match": 0.0}),
        ({"match": {"value": "P"}}, None, None, {"match": 0.5}),
        ({"f1": {"value": 0.25}}, None, 0.25, {"f1": 0.25}),
        ({"f1": {"value": float("nan")}}, None, None, {}),
        ({"passed": {"value": True}}, True, None, {"passed": 1.0}),
        ({"said": {"value": "Yes"}}, None, None, {"said": 1.0}),
        ({"grade": {"value": "fine"}}, None, None, {}),
        ({"rubric": {"value": {"style": 2, "note": "ok"}}}, None, None, {"rubric.style": 2.0}),
        ({"parts": {"value": [1, 0]}}, None, None, {"parts.0": 1.0, "parts.1": 0.0}),
        ({"f1": {"value": 0.25}, "match": {"value": "C"}}, True, None, {"f1": 0.25, "match": 1.0}),
        ({}, None, None, {}),
        (None, None, None, {}),
    ],
)
def test_scores_of_every_kind(scores: Any, correct: Any, reward: Any, components: Any, read, tmp_path: Path) -> None:
    [found] = read(write_json(tmp_path / "a.json", sample(scores=scores)), inspect_ai)
    assert (found.correct, found.reward, found.reward_components) == (correct, reward, components)


def test_the_verdict_names_its_scorer_and_brings_its_answer(read, tmp_path: Path) -> None:
    [found] = read(write_json(tmp_path / "a.json", sample()), inspect_ai)
    assert (found.correct_source, found.prediction) == ("scores.match", "17")


def test_a_log_of_before_several_scorers_has_one_score(read, tmp_path: Path) -> None:
    [found] = read(write_json(tmp_path / "a.json", sample(scores=None, score={"value": "C"})), inspect_ai)
    assert (found.correct, found.reward_components) == (True, {"score": 1.0})


@pytest.mark.parametrize(
    ("changed", "ending"),
    [
        ({"error": {"message": "boom", "traceback": "…"}}, "error"),
        ({"limit": {"type": "token", "limit": 100}}, "length"),
        ({"output": {"choices": [{"stop_reason": "max_tokens"}]}}, "length"),
        ({"output": {"choices": [{"stop_reason": "unknown"}]}}, None),
        ({"output": {}}, None),
    ],
)
def test_the_ending_is_what_the_log_says(changed: dict[str, Any], ending: str | None, read, tmp_path: Path) -> None:
    [found] = read(write_json(tmp_path / "a.json", sample(**changed)), inspect_ai)
    assert found.finish_reason == ending


def test_a_sample_that_failed_before_an_answer_is_a_rollout(read, tmp_path: Path) -> None:
    failed = sample(messages=[ASKED], output={"choices": []}, scores=None, error={"message": "boom"})
    [found] = read(write_json(tmp_path / "a.json", failed), inspect_ai)
    assert (found.prompt, found.response, found.correct) == ("What is 3*7-4?", "", None)


def test_a_solver_without_conversation_has_its_output(read, tmp_path: Path) -> None:
    [found] = read(write_json(tmp_path / "a.json", sample(messages=[])), inspect_ai)
    assert (found.prompt, found.response) == ("What is 3*7-4?", "ANSWER: 17")


def test_probabilities_are_kept_where_asked_for(read, tmp_path: Path) -> None:
    logprobs = {"content": [{"token": "1", "logprob": -0.5}, {"token": "7", "logprob": -0.25}]}
    choice = {"message": ANSWERED, "stop_reason": "stop", "logprobs": logprobs}
    [found] = read(write_json(tmp_path / "a.json", sample(output={"choices": [choice]})), inspect_ai)
    assert found.tokens.logprobs == [-0.5, -0.25]


@pytest.mark.parametrize(
    ("changed", "step"),
    [
        ({"task_args": {"step": 200}}, 200),
        ({"metadata": {"step": 200}}, 200),
        ({"model": "hf/run/global_step_200"}, 200),
        ({"model": "some/model-7b"}, None),
    ],
)
def test_the_step_that_was_evaluated(changed: dict[str, Any], step: int | None, read, tmp_path: Path) -> None:
    [found] = read(write_json(tmp_path / "a.json", sample(), eval=HEADER["eval"] | changed), inspect_ai)
    assert found.step == step


def test_a_sample_that_a_retry_copied_is_recognized(read, tmp_path: Path) -> None:
    first, again, other = read(
        write_json(tmp_path / "a.json", sample(uuid="u1"), sample(uuid="u1"), sample()), inspect_ai
    )
    assert inspect_ai.repeats is not None
    assert inspect_ai.repeats(first) == inspect_ai.repeats(again) == "u1"
    assert inspect_ai.repeats(other) is None


def faults(path: Path) -> list[tuple[int, str | None]]:
    assert inspect_ai.records is not None
    with path.open("rb") as stream:
        return [(each.line, each.fault) for each in inspect_ai.records(stream, Place(path, path.name, path.parent))]


def test_a_broken_member_costs_one_sample(tmp_path: Path) -> None:
    members = {"header.json": HEADER, "samples/a_epoch_1.json": b'{"id": 1,', "samples/b_epoch_1.json": sample()}
    found = faults(pack(tmp_path / "a.eval", members))
    assert found == [(1, "the member 'samples/a_epoch_1.json' holds torn: it ends inside a record"), (2, None)]


def test_a_member_of_another_kind_is_a_fault(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"header.json": HEADER, "samples/a_epoch_1.json": [1]})
    assert faults(path) == [(1, "the member 'samples/a_epoch_1.json' holds list instead of dict")]


@pytest.mark.parametrize("method", [DEFLATED, ZSTD], ids=["deflate", "zstd"])
def test_a_member_that_expands_without_bound_is_a_fault(method: int, tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"header.json": HEADER, "samples/a_epoch_1.json": b" " * (20 << 20)}, method)
    [(line, fault)] = faults(path)
    assert (line, fault is not None and fault.endswith("to 20,971,520 bytes, more than 1000 times")) == (1, True)


def test_a_member_that_holds_more_than_it_declares_is_a_fault(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"header.json": HEADER, "samples/a_epoch_1.json": sample()}, ZSTD)
    packed = path.read_bytes()
    size = struct.pack("<I", len(json.dumps(sample()).encode()))
    path.write_bytes(packed.replace(size, struct.pack("<I", 10)))
    assert faults(path) == [(1, "the member 'samples/a_epoch_1.json' holds torn: it ends inside a string")]


def test_an_archive_inside_an_archive_is_read(store: Store, tmp_path: Path) -> None:
    inner = pack(tmp_path / "a.eval", {"header.json": HEADER, "samples/q1_epoch_1.json": sample()}, ZSTD)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        archive.write(inner, "logs/a.eval")
    assert ingest([tmp_path / "logs.zip"], store=store).total("rollouts") == 1


def test_an_archive_that_was_cut_off_says_so(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.eval", {"header.json": HEADER, "samples/a_epoch_1.json": sample()})
    path.write_bytes(path.read_bytes()[:-60])
    assert faults(path) == [(1, "the archive has no list of members: it was cut off, or is still being written")]


@pytest.mark.parametrize("cut", [0.5, 0.9, 0.99])
def test_a_document_that_was_cut_off_keeps_its_whole_samples(cut: float, tmp_path: Path) -> None:
    path = write_json(tmp_path / "a.json", *[sample(id=number) for number in range(20)])
    text = path.read_text()
    path.write_text(text[: int(len(text) * cut)])
    *whole, (_, fault) = faults(path)
    assert {fault for _, fault in whole} == {None}
    assert fault is not None
    assert fault.endswith(f"after {len(whole)} samples; the log was cut off, or is still being written")


def test_a_document_larger_than_a_block_is_walked(monkeypatch: pytest.MonkeyPatch, read, tmp_path: Path) -> None:
    monkeypatch.setattr("traceanalytics.readers.inspect_files._BLOCK", 16)
    found = read(write_json(tmp_path / "a.json", *[sample(id=number, epoch=12) for number in range(9)]), inspect_ai)
    assert [(each.group_id, each.sample_index) for each in found] == [(f"T1/{number}", 12) for number in range(9)]


def test_samples_of_another_kind_are_refused(tmp_path: Path) -> None:
    assert inspect_ai.refine is not None
    with pytest.raises(BadRecord) as refused:
        list(inspect_ai.refine(HEADER | {"samples": 5}, Rollout(""), Place(tmp_path, "a.json", tmp_path)))
    assert str(refused.value) == "samples is int; it must be a list"


def test_a_sample_without_an_id_is_refused(read, tmp_path: Path) -> None:
    with pytest.raises(BadRecord) as refused:
        read(write_json(tmp_path / "a.json", {"epoch": 1}), inspect_ai)
    assert str(refused.value) == "a sample is no object with an id"


@pytest.mark.parametrize("name", ["a.eval", "a.json"])
def test_what_inspect_itself_writes_is_read(name: str, read, tmp_path: Path) -> None:
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ContentReasoning, ContentText, ModelOutput
    from inspect_ai.scorer import Score

    content = [ContentReasoning(reasoning="21-4"), ContentText(text="ANSWER: 17")]
    talk = [ChatMessageUser(content="What is 3*7-4? " * 99), ChatMessageAssistant(content=content)]
    output = ModelOutput.from_content("mock/model", "ANSWER: 17")
    spec = EvalSpec(
        created="2026-01-01T00:00:00+00:00",
        task="arith",
        dataset=EvalDataset(),
        model="mock/model",
        config=EvalConfig(),
    )
    samples = [
        EvalSample(
            id="a/b c",
            epoch=epoch,
            input="?",
            target="17",
            messages=talk,
            output=output,
            scores={"m": Score(value="C")},
        )
        for epoch in (1, 2)
    ]
    write_eval_log(EvalLog(eval=spec, samples=samples), str(tmp_path / name))
    found = read(tmp_path / name, inspect_ai)
    assert [(each.group_id, each.sample_index, each.correct) for each in found] == [
        ("arith/a/b c", n, True) for n in (1, 2)
    ]
    assert found[0].response == "<think>\n21-4\n</think>\n\nANSWER: 17"
    assert found[0].prompt == "What is 3*7-4? " * 99
