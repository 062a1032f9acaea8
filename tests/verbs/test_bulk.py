"""The fast path and the careful path give the same rows, whatever the lines hold."""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from traceanalytics.readers.base import Place, Reader
from traceanalytics.readers.detect import Recognized
from traceanalytics.readers.lines import opening_of, read_blocks
from traceanalytics.readers.mapping import StepRule
from traceanalytics.readers.plain import mapped, plain
from traceanalytics.readers.shapes import Shape
from traceanalytics.readers.sources import Source
from traceanalytics.readers.verl import verl
from traceanalytics.store.append import stage
from traceanalytics.store.store import Store
from traceanalytics.verbs.bulk import Bulk, reads_in_bulk
from traceanalytics.verbs.planning import Job
from traceanalytics.verbs.reading import keep_line
from traceanalytics.verbs.staging import Staging

VERL = {"input": "user\n2+2?\n", "output": "It is 4.", "gts": "4", "score": 1.0, "step": 3}
PLAIN = {"prompt": "2+2?", "response": "It is 4."}


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = Store(tmp_path_factory.mktemp("store") / "traces.duckdb").workbench()
    yield connection
    connection.close()


def a_job(reader: Reader, data: bytes) -> Job:
    root = Path("run")
    source = Source(root / "1.jsonl", "1.jsonl", root, len(data), 0.0)
    opening = opening_of(data.partition(b"\n")[0])
    place = Place(source.path, source.name, root)
    return Job(Recognized(source, reader, Shape.LINES, place, StepRule("field"), False, opening), "f", goes_on=True)


def rows(workbench: duckdb.DuckDBPyConnection, reader: Reader, data: bytes, *, fast: bool) -> dict[str, Any]:
    """Read bytes as a file of lines; return what would be stored, as text that tells types apart."""
    job, staging, bulk = a_job(reader, data), Staging("run", {}), Bulk(reader)
    assert reads_in_bulk(job)
    for block in read_blocks(io.BytesIO(data)):  # type: ignore[arg-type]
        if fast:
            bulk.add(job, block, staging)
        else:
            for index in range(len(block.starts)):
                keep_line(job, staging, block, index)
    fast = fast and bulk.rows > 0
    if fast:
        bulk.stage(workbench, staging)
    batch = staging.batch()
    stage(workbench, batch.rollouts, with_bulk=fast)
    names = batch.rollouts.column_names
    rollouts = workbench.execute(f"SELECT {', '.join(names)} FROM staged").fetchall()
    rejects = batch.others["rejects"].to_pylist() if "rejects" in batch.others else []
    return {
        "rollouts": sorted(repr(dict(zip(names, row, strict=True))) for row in rollouts),
        "rejects": sorted(map(repr, rejects)),
        "counts": staging.counts,
        "sources": staging.sources,
    }


def assert_same(workbench: duckdb.DuckDBPyConnection, reader: Reader, data: bytes) -> None:
    assert rows(workbench, reader, data, fast=True) == rows(workbench, reader, data, fast=False)


texts = st.text(max_size=12) | st.sampled_from(
    ["", "[", "{", '{"a": 1,}', "NaN", "<think>a</think>b", "a\u2028b\u0085c", "\x00", "null", "0.5", "True", "train"]
)
EDGES = [2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 10**9, 10**17, 10**18, 2**53 + 1, 2**63 - 1, 2**63]
numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.integers(-(2**70), 2**70),
    st.sampled_from([0, 1, -0.0, 1e20, 1e-9, 0.1, 2147483647.0, *EDGES]),
    st.sampled_from([*map(str, EDGES), "007", "-0", "+1", " 1", "1.0"]),
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
verl_keys = st.sampled_from(
    ["gts", "acc", "pred", "uid", "reward", "overlong_reward", "score", "step", "output", "Acc"]
)
uids = st.sampled_from(
    ["a-b_0_1", "a_3_12", "x", "_1_2", "a_99999999999_0", *(f"a_{edge}_{edge}" for edge in EDGES), "a_1_007"]
)
messages = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant"]), "content": texts}), max_size=2
)
plain_keys = st.sampled_from(
    ["question", "completion", "answer", "step", "split", "correct", "reward", "sample_index", "score", "prompt"]
)


def records(base: Mapping[str, Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    changed = st.dictionaries(keys | texts, values | uids | messages, max_size=4)
    return changed.map(lambda others: {**base, **others})


def as_lines(found: Sequence[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in found)


same_for_both = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@same_for_both
@given(found=st.lists(records(VERL, verl_keys), max_size=6))
@example(found=[{**VERL, "reward": None}, {**VERL, "\0": None, "a\0b": [1]}])
@example(found=[{**VERL, "gts": [-(2**63) - 1, 1.192092896e-07]}])
@example(found=[{**VERL, "reward": 0.5}, {**VERL, "gts": 1e20, "uid": "a_1_2"}, {**VERL, "A": 1, "a": 2}])
def test_records_of_verl_give_the_same_rows(workbench: duckdb.DuckDBPyConnection, found: list[dict[str, Any]]) -> None:
    assert_same(workbench, verl, as_lines(found))


@same_for_both
@given(found=st.lists(records(PLAIN, plain_keys), max_size=6))
@example(found=[{**PLAIN, "sample_index": edge, "step": edge} for edge in EDGES])
@example(found=[{**PLAIN, "question": None, "split": "validation"}, {**PLAIN, "prompt": None, "question": "3?"}])
def test_plain_records_give_the_same_rows(workbench: duckdb.DuckDBPyConnection, found: list[dict[str, Any]]) -> None:
    assert_same(workbench, plain, as_lines(found))


@same_for_both
@given(
    data=st.lists(
        st.binary(max_size=20)
        | st.sampled_from(
            [
                b'{"input": "a", "output": "b", "score": 1, "step": 2}',
                b'{"input": "a", "output": "b", "score": 1, "step": 2,}',
                b'{"input": "a", "output": "b", "score": NaN, "step": 2}',
                b'{"input": "a", "output": "b", "score": Infinity, "step": 2}\r',
                b'{"input": "a", "output": "b", "score": 1, "step": 2, "x": [1,]}',
                b'{"input": "a", "output": "b", "score": 1, "step": 2, "step": 3}',
                b'{"input": "a", "output": "\\ud83d", "score": 1, "step": 2}',
                b'{"input": "a", "output": "\xff\xfe", "score": 1, "step": 2}',
                b'{"input": "a", "output": "torn{"input": "a", "output": "c", "score": 1, "step": 2}',
                b'{"input": "a", "output": "b", "score": 1, "step": 2}' * 2,
                b'{"input": "a", "output": "b", "score": 1, "step": 2, "extra": {"x": NaN, "y": 1e400}}',
                b'  {"input": "a", "output": "b", "score": 1, "step": 2} ',
                b"[1, 2]",
                b"null",
                b"  ",
            ]
        ),
        max_size=6,
    ).map(b"\n".join)
)
def test_spoiled_lines_give_the_same_rows(workbench: duckdb.DuckDBPyConnection, data: bytes) -> None:
    assert_same(workbench, verl, data)


def test_a_mapping_of_the_user_gives_the_same_rows(workbench: duckdb.DuckDBPyConnection) -> None:
    reader = mapped({"prompt": "q", "response": "a", "reward": "score", "group_id": "id"})
    assert_same(workbench, reader, as_lines([{"q": "2+2?", "a": "4", "score": 1, "id": 7}, {"q": "", "a": "", "b": 1}]))


def test_lines_of_many_kinds_of_keys_give_the_same_rows(workbench: duckdb.DuckDBPyConnection) -> None:
    found = [{**VERL, f"metric_{number}": number / 3} for number in range(30)]
    assert_same(workbench, verl, as_lines(found))


def test_the_fast_path_takes_what_trainers_write(workbench: duckdb.DuckDBPyConnection) -> None:
    found = [
        VERL,
        {**VERL, "acc": True, "pred": "4", "overlong": False},
        {**VERL, "uid": "0b9e-41c1_3_0", "reward": 0.5},
        {**VERL, "gts": ["4", 4], "acc": 1.0},
        {**VERL, "gts": None, "acc": None},
        {**VERL, "uid": f"a_0_{2**31 - 1}", "step": 10**17},
    ]
    data = as_lines(found)
    job, staging, bulk = a_job(verl, data), Staging("run", {}), Bulk(verl)
    for block in read_blocks(io.BytesIO(data)):  # type: ignore[arg-type]
        bulk.add(job, block, staging)
    bulk.stage(workbench, staging)
    assert workbench.execute("SELECT count(*) FROM bulk").fetchall() == [(len(found),)]
