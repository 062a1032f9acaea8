"""verl's own dump, and files that are only pointers to their content."""

from pathlib import Path

import pytest

from traceanalytics.errors import BadInput
from traceanalytics.store.store import Store
from traceanalytics.verbs.ingest import ingest

REAL = Path(__file__).resolve().parents[2] / ".." / "shared" / "real"


def test_verls_dump_of_one_step(store: Store) -> None:
    report = ingest([REAL / "verl"], store=store)
    assert (report.total("rollouts"), report.total("rejects")) == (128, 0)
    found = store.sql(
        "SELECT count(DISTINCT prompt_key) AS prompts, count(*) FILTER (WHERE reward = 1) AS right, "
        "count(correct) AS graded, min(step) AS step FROM rollouts"
    )
    assert found.to_pylist() == [{"prompts": 128, "right": 2, "graded": 0, "step": 1}]


def test_each_question_of_the_dump_is_a_problem_of_its_own(store: Store) -> None:
    ingest([REAL / "verl"], store=store)
    found = store.sql("SELECT count(*) AS prompts, count(DISTINCT problem_key) AS problems FROM prompts").to_pylist()
    assert found == [{"prompts": 128, "problems": 128}]


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_pointers_of_git_lfs_are_refused_with_what_to_do(store: Store, ending: str) -> None:
    (path,) = (REAL / "ugly").rglob(f"*.{ending}")
    with pytest.raises(BadInput, match="a Git LFS pointer instead of the file of .* bytes; run `git lfs pull`"):
        ingest([path], store=store)


def test_a_folder_of_pointers_is_refused(store: Store) -> None:
    with pytest.raises(BadInput, match="no file holds rollouts; .*: a Git LFS pointer"):
        ingest([REAL / "ugly"], store=store)
