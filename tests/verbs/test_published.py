import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from traceanalytics.cli import app
from traceanalytics.errors import BadInput, Refused
from traceanalytics.verbs.published import published

TABLES = Path(__file__).parents[1] / "stats" / "published"


def run(*words: str) -> str:
    return CliRunner().invoke(app, ["published", *words], catch_exceptions=False).stdout


def test_66_7_percent_of_500_is_impossible_and_65_0_is_not() -> None:
    assert [each.holds for each in published(["66.7", "65.0", "95.6"], of=500)] == [False, True, True]
    with pytest.raises(Refused, match="1 of 2 numbers cannot be true as printed") as refusal:
        run("66.7", "65.0", "--of", "500")
    assert refusal.value.exit_code == 1


def test_what_can_be_true_exits_0() -> None:
    assert run("65.0", "--of", "500") == "65.0% of 500 is 325\n"
    assert json.loads(run("65.0", "--of", "500", "--json")) == [{"holds": True, "says": "65.0% of 500 is 325"}]


def test_an_overall_rate_and_parts_are_checked() -> None:
    printed = run("--overall", "49.4", "--share", "65.0", "--inside", "60.9", "--outside", "28.0", "--sums", "60,40")
    assert printed.splitlines() == [
        "65.0% at 60.9 and the rest at 28.0 make 49.38, which agrees with 49.4",
        "60 + 40 = 100",
    ]


def test_every_published_table_obeys_or_is_known_not_to() -> None:
    """The audit of the reference tables themselves: what fails is what their notes say."""
    table = json.loads((TABLES / "accuracy_by_strategy.json").read_text("utf-8"))
    found = {}
    for name, row in table["models"].items():
        (check,) = published(**{part: row[part] for part in ("overall", "share", "inside", "outside")})
        found[name] = check.holds
    assert found == {name: row["holds"] for name, row in table["models"].items()}
    for row in table["partial_contributions"].values():
        (check,) = published(sums=row["parts"])
        assert check.holds is row["holds"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"percentages": ["65.0"]}, "of how many\\? --of 500 says what the percentages are taken of"),
        ({"percentages": ["many"], "of": 500}, "'many' is no number; write it as it is printed, such as 66.7"),
        ({"overall": "49.4", "share": "65"}, "its share, inside and outside: --inside, --outside is missing"),
        ({}, "nothing to check: give percentages and --of, an overall rate with its parts, or --sums"),
    ],
)
def test_what_cannot_be_checked_is_said(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        published(**arguments)  # type: ignore[arg-type]
