import pytest

from traceanalytics.pages.base import Chart, Selectors, Table, Text, get_page
from traceanalytics.pages.story import story, title
from traceanalytics.pages.view import look
from traceanalytics.store.store import Store


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Two graded runs of 24 prompts: in `grows` code reasoning and the word rise, in `says` the word alone."""
    store = Store(tmp_path_factory.mktemp("two") / "traces.duckdb")
    with store.writing() as connection:
        for statement in (
            "INSERT INTO runs (run_id, model_family, reward_type) VALUES ('grows', 'a', 'random'),"
            " ('says', 'b', 'random')",
            "INSERT INTO rollouts (rollout_id, run_id, split, step, prompt_key, group_id, response, reward, correct)"
            " SELECT run || step || '-' || i, run, 'train', step, 'p' || i % 24, run || step || i % 24, 'x', i % 3 % 2,"
            " i % 5 < 2 + step // 20 FROM (VALUES ('grows'), ('says')) AS a(run), (VALUES (0), (20), (40)) AS b(step),"
            " range(192) AS c(i)",
            "INSERT INTO taggers (tagger_id, kind, name) VALUES ('t@1', 'cues', 't'),"
            " ('w@1', 'published', 'spurious_rewards.has_code')",
            "INSERT INTO tagged SELECT 't@1', rollout_id, if(run_id = 'grows' AND hash(rollout_id) % 100 < 30 + step,"
            " ['code_reasoning'], []), 1, 1 FROM rollouts",
            "INSERT INTO tagged SELECT 'w@1', rollout_id, if(hash(rollout_id) % 100 < 30 + step,"
            " ['spurious_rewards.has_code'], []), 1, 1 FROM rollouts",
            "INSERT INTO meta VALUES ('active_tagger', 't@1')",
        ):
            connection.execute(statement).fetchall()
    return store


def test_the_title_tells_code_that_grew_from_the_word_for_it(two: Store) -> None:
    said = title(look(two, Selectors()))
    assert said.startswith("code_reasoning rose from ")
    assert said.endswith(" in grows; in says only the word did")


def test_the_story_gives_both_counts_with_their_intervals(two: Store) -> None:
    grows, says = story(look(two, Selectors()))
    assert grows.startswith("grows reasons in code in ")
    assert "[" in grows
    assert "says reasons in code in 0% [0, " in says
    assert "only the word spread, the word `python` in " in says


def test_a_run_that_no_published_detector_read_has_no_such_story(two: Store) -> None:
    assert story(look(two, Selectors(tagger="spurious_rewards.has_code"))) == []


def test_the_first_page_opens_with_the_story_and_its_picture(two: Store) -> None:
    blocks = get_page("overview").blocks(two, Selectors())
    assert isinstance(blocks[0], Text)
    assert blocks[0].tone == "lead"
    first_chart = next(block for block in blocks if isinstance(block, Chart))
    assert first_chart.title == "Reasoning in code, and the word for it"


@pytest.mark.parametrize(
    ("page", "titles"),
    [
        ("strategies", {"How often: code_reasoning", "How right: accuracy by strategy", "How the gain adds up"}),
        ("rewards", {"What each run gained on the same problems", "What the rewards favor"}),
        ("rewards", {"Selection pressure within groups"}),
        ("health", {"Stability", "Groups whose rewards are all alike", "Length of responses"}),
    ],
)
def test_pages_draw_what_findings_find(page: str, titles: set[str], two: Store) -> None:
    blocks = get_page(page).blocks(two, Selectors(runs=("grows",)))
    assert titles <= {block.title for block in blocks if isinstance(block, Chart | Table)}


def test_what_a_finding_refuses_is_said_in_its_place(analyzed: Store) -> None:
    blocks = get_page("strategies").blocks(analyzed, Selectors(runs=("random",)))
    said = [block.text for block in blocks if isinstance(block, Text)]
    assert any(text.startswith("How the gain adds up: ") for text in said)


def test_a_table_of_a_finding_names_the_command_that_gives_it_again(two: Store) -> None:
    blocks = get_page("strategies").blocks(two, Selectors(runs=("grows",)))
    chart = next(block for block in blocks if isinstance(block, Chart) and block.title == "How the gain adds up")
    assert chart.table.sql.startswith("-- ta finding shift_share in_run=grows in_behavior=code_reasoning --db ")
