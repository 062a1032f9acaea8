import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from traceanalytics.compiled import COMPILING
from traceanalytics.errors import BadInput, BadModel, UnknownName
from traceanalytics.segments import make_batch
from traceanalytics.store.store import Store
from traceanalytics.taggers import DEFAULT, SHIPPED, get_tagger
from traceanalytics.verbs import tag as tag_module
from traceanalytics.verbs.tag import tag, use
from traceanalytics.verbs.workers import say_aside

HAS_CODE = "spurious_rewards.has_code"
TEXTS = ["Let me check: 2+2 is 4.", "I use Python.", "", "😀 Wait, that's wrong. Python says 5."]


def fill(store: Store, copies: int) -> None:
    with store.writing() as connection:
        for number, text in enumerate(TEXTS):
            connection.execute(
                "INSERT INTO rollouts (rollout_id, run_id, split, step, response) "
                "SELECT $1 || '-' || i, 'a', 'train', i, $2 FROM range($3) AS numbers(i)",
                [str(number), text, copies],
            ).fetchall()
        connection.execute("INSERT INTO runs (run_id) VALUES ('a')").fetchall()


def content(store: Store) -> tuple[object, object]:
    tagged = store.sql("SELECT * FROM tagged ORDER BY ALL").to_pylist()
    return tagged, store.sql("SELECT * FROM tags ORDER BY ALL").to_pylist()


@pytest.fixture
def filled(store: Store) -> Store:
    fill(store, 3)
    return store


def test_every_rollout_that_was_read_has_a_row_also_when_it_shows_nothing(filled: Store) -> None:
    report = tag(filled, tagger=HAS_CODE)
    assert (report.untagged, report.tagged, report.spans) == (12, 12, 6)
    rows = filled.query("behavior_rate", in_behavior=HAS_CODE, bin_width=10).to_pylist()
    assert [(row["rollouts"], row["shown"]) for row in rows] == [(12, 6)]


def test_spans_that_nearly_show_a_behavior_are_stored_and_not_counted(store: Store) -> None:
    with store.writing() as connection:
        wait = "Wait, 7 * 8 is 56, not 54."
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, split, step, response) VALUES ('1', 'a', 'train', 0, $1)", [wait]
        ).fetchall()
    assert tag(store, tagger="cues").spans == 0
    assert store.sql("SELECT behavior, score FROM tags").to_pylist() == [{"behavior": "self_correction", "score": 0.25}]


def test_spans_point_at_the_text_that_shows_it(filled: Store) -> None:
    tag(filled, tagger=HAS_CODE)
    texts = {row["text"] for row in filled.query("examples", in_behavior=HAS_CODE, at_most=50).to_pylist()}
    assert texts == {"Python"}


def test_tagging_twice_adds_nothing(filled: Store) -> None:
    tag(filled, tagger=HAS_CODE)
    before = content(filled)
    assert tag(filled, tagger=HAS_CODE).tagged == 0
    assert content(filled) == before


def test_only_what_is_new_is_read_again(filled: Store) -> None:
    tag(filled, tagger=HAS_CODE)
    with filled.writing() as connection:
        connection.execute(
            "INSERT INTO rollouts (rollout_id, run_id, response) VALUES ('new', 'a', 'python')"
        ).fetchall()
    assert tag(filled, tagger=HAS_CODE).tagged == 1


def test_several_processes_give_what_one_gives(store: Store, filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Store(store.path.with_name("other.duckdb"))
    fill(other, 3)
    tag(filled, tagger=HAS_CODE, workers=1)
    monkeypatch.setattr(tag_module, "_ALONE_BELOW", 0)
    monkeypatch.setattr(tag_module, "BATCH_ROWS", 2)
    monkeypatch.setattr(tag_module, "FIRST_ROWS", 2)
    tag(other, tagger=HAS_CODE, workers=2)
    assert content(other) == content(filled)


def test_a_large_batch_is_cut_by_its_bytes(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_module, "BATCH_BYTES", 40)
    assert tag(filled, tagger=HAS_CODE).tagged == 12


def test_killed_and_resumed_equals_once(store: Store) -> None:
    fill(store, 20_000)
    script = (
        "import sys\n"
        "from traceanalytics.store.store import Store\n"
        "from traceanalytics.verbs import tag\n"
        "tag._WRITE_EVERY_SECONDS = 0.05\n"
        f"tag.tag(Store(sys.argv[1]), tagger={HAS_CODE!r}, workers=1)\n"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(store.path)])
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and killed.poll() is None:
        if store.sql("SELECT count(*) AS n FROM tagged")["n"][0].as_py() > 0:
            os.kill(killed.pid, signal.SIGKILL)
            break
        time.sleep(0.05)
    killed.wait()
    tag(store, tagger=HAS_CODE, workers=1)
    counts = store.sql("SELECT count(*) AS n, count(DISTINCT rollout_id) AS ids FROM tagged").to_pylist()
    spans = store.sql("SELECT count(*) AS n, count(DISTINCT rollout_id) AS ids FROM tags").to_pylist()
    assert counts == [{"n": 80_000, "ids": 80_000}]
    assert spans == [{"n": 40_000, "ids": 40_000}]


def test_what_was_counted_before_ctrl_c_is_kept(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_module, "FIRST_ROWS", 5)
    shown = []

    def interrupt(report: tag_module.TagReport) -> None:
        shown.append(report.tagged)
        if report.tagged:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tag(filled, tagger=HAS_CODE, progress=interrupt)
    assert shown == [0, 5]
    assert filled.sql("SELECT count(*) AS n FROM tagged")["n"].to_pylist() == [5]
    assert tag(filled, tagger=HAS_CODE).tagged == 7


def test_the_first_tagger_is_active_until_another_is_used(filled: Store) -> None:
    tag(filled, tagger=HAS_CODE)
    tag(filled, tagger="simplerl.keywords")
    with pytest.raises(UnknownName, match=r"no behavior that spurious_rewards.has_code judges is called 'simplerl"):
        filled.query("behavior_rate", in_behavior="simplerl.keywords")
    use(filled, "simplerl.keywords")
    assert filled.query("behavior_rate", in_behavior="simplerl.keywords", bin_width=10)["shown"].to_pylist() == [3]


def test_a_tagger_that_has_read_nothing_cannot_be_used(filled: Store) -> None:
    with pytest.raises(BadInput, match="tagger 'cues' has read nothing here; run `ta tag --tagger cues` first"):
        use(filled, "cues")


def test_an_unknown_tagger_is_answered_with_the_nearest(filled: Store) -> None:
    with pytest.raises(UnknownName, match="no tagger is called 'simplerl.keyword'. Did you mean"):
        tag(filled, tagger="simplerl.keyword")


def test_an_unknown_run_is_answered_with_the_known_ones(filled: Store) -> None:
    with pytest.raises(UnknownName, match="no run is called 'b'. Known: a"):
        tag(filled, tagger=HAS_CODE, run="b")


def test_a_folder_that_holds_no_model_is_named_as_such(filled: Store, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a folder without card.json is no model; `ta train` writes models"):
        tag(filled, tagger=str(tmp_path))


def test_the_cues_tagger_reads_rules_and_cues_alike(store: Store) -> None:
    text = "Let me check that.\n```python\nx = 2\nprint(x + x)\n```\nSo \\boxed{4}."
    with store.writing() as connection:
        connection.execute("INSERT INTO rollouts (rollout_id, response) VALUES ('r', $1)", [text]).fetchall()
    tag(store, tagger="cues")
    (row,) = store.sql("SELECT shown, segments FROM tagged").to_pylist()
    assert {"verification", "code_reasoning", "boxed_answer"} <= set(row["shown"])
    assert row["segments"] == 3


def test_workers_end_with_a_call_that_is_killed(store: Store) -> None:
    fill(store, 3000)
    script = (
        "import sys\n"
        "from traceanalytics.store.store import Store\n"
        "from traceanalytics.verbs import tag\n"
        "def say(report):\n"
        "    if not report.tagged: return\n"
        "    from multiprocessing import active_children\n"
        "    print(*(process.pid for process in active_children()), flush=True)\n"
        "    sys.stdin.read()\n"
        "if __name__ == '__main__':\n"
        "    tag._ALONE_BELOW = 0\n"
        f"    tag.tag(Store(sys.argv[1]), tagger={HAS_CODE!r}, workers=2, progress=say)\n"
    )
    path = store.path.with_name("killed.py")
    path.write_text(script)
    killed = subprocess.Popen(
        [sys.executable, str(path), str(store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert killed.stdout is not None
    workers = [int(word) for word in killed.stdout.readline().split()]
    killed.kill()
    killed.communicate()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and any(map(_is_alive, workers)):
        time.sleep(0.05)
    assert (len(workers), [pid for pid in workers if _is_alive(pid)]) == (2, [])


def _is_alive(pid: int) -> bool:
    """Say whether a process runs; one that has ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_call_that_breaks_off_leaves_no_workers(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    from multiprocessing import active_children

    fill(store, 3000)
    monkeypatch.setattr(tag_module, "_ALONE_BELOW", 0)

    def stop(report: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tag(store, tagger=HAS_CODE, workers=2, progress=stop)
    assert active_children() == []


def test_workers_end_in_silence(store: Store) -> None:
    fill(store, 3000)
    script = store.path.with_name("tag.py")
    script.write_text(
        "import sys\n"
        "from traceanalytics.store.store import Store\n"
        "from traceanalytics.verbs import tag\n"
        "if __name__ == '__main__':\n"
        "    tag._ALONE_BELOW = 0\n"
        f"    tag.tag(Store(sys.argv[1]), tagger={HAS_CODE!r}, workers=2)\n"
    )
    called = subprocess.run([sys.executable, str(script), str(store.path)], capture_output=True, text=True)
    assert (called.returncode, called.stderr.removeprefix(f"{COMPILING}\n")) == (0, "")


def test_a_call_that_finds_all_tagged_loads_no_model(filled: Store) -> None:
    tag(filled, tagger=DEFAULT)
    script = (
        "import sys\n"
        "from traceanalytics.store.store import Store\n"
        "from traceanalytics.verbs.tag import tag\n"
        f"print(tag(Store(sys.argv[1]), tagger={DEFAULT!r}).tagged, 'numba' in sys.modules)\n"
    )
    command = [sys.executable, "-c", script, str(filled.path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "0 False\n"


def test_arrow_looks_for_no_pandas_in_a_process_of_ours_and_makes_frames_all_the_same() -> None:
    script = (
        "import sys\n"
        "from traceanalytics.verbs.workers import settle_that_no_frame_comes\n"
        "settle_that_no_frame_comes()\n"
        "import pyarrow\n"
        "table = pyarrow.table({'a': [1, 2]})\n"
        "print('pandas' in sys.modules, len(table.to_pandas()))\n"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert said == "False 2\n"


def test_a_model_that_changes_between_naming_and_loading_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(SHIPPED / DEFAULT, folder)
    tagger = get_tagger(str(folder))
    (folder / "weights.npz").write_bytes(b"")
    with pytest.raises(BadModel, match=r"weights.npz: changed since its card was written; train the model again"):
        tagger.find(make_batch(["Let me check."]))


def test_tagging_says_at_once_in_a_pipe_what_it_begins_and_nothing_where_nothing_is_to_do(store: Store) -> None:
    fill(store, 3)
    command = [sys.executable, "-m", "traceanalytics", "tag", "--tagger", HAS_CODE, "--db", str(store.path)]
    first, again = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    assert re.fullmatch(rf"tagging 12 rollouts with {re.escape(HAS_CODE)}@\w+\n", first.stderr)
    assert again.stderr == ""
    assert "12 rollouts read" in first.stdout


def test_workers_tell_of_compiling_behind_a_pipe_too(capsys: pytest.CaptureFixture[str]) -> None:
    say_aside(COMPILING)
    assert capsys.readouterr().err == f"{COMPILING}\n"
