"""The model that ships: not stale, small, made by one command, and made again the same."""

from pathlib import Path

import numpy as np
import pytest

from traceanalytics.behaviors import BEHAVIORS
from traceanalytics.classifiers.models import load_model, read_card
from traceanalytics.classifiers.splits import frozen_rows
from traceanalytics.paths import shipped_folder
from traceanalytics.taggers import DEFAULT, SHIPPED
from traceanalytics.verbs.train import facts_of, read_judged, train

LABELS = shipped_folder("labels")


def test_the_shipped_model_is_of_these_labels_and_behaviors() -> None:
    card, facts = read_card(SHIPPED / DEFAULT), facts_of([LABELS])
    stale = [name for name in facts if card[name] != facts[name]]
    assert not stale, f"the shipped model was made of other {' and '.join(stale)}: run `make shipped` and commit it"


def test_the_shipped_model_is_at_most_a_megabyte() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= 1_000_000


def test_training_again_agrees_in_every_score(tmp_path: Path) -> None:
    train("ngrams", [LABELS], tmp_path / "again")
    judged = read_judged([LABELS])
    held_out = judged.part(frozen_rows(judged.groups)).candidates
    shipped, again = (load_model(folder)[0].score(held_out) for folder in (SHIPPED / DEFAULT, tmp_path / "again"))
    np.testing.assert_allclose(again, shipped, atol=1e-3)


@pytest.mark.parametrize("behavior", ["verification", "backtracking", "self_doubt", "confirmation"])
def test_the_bar_behaviors_are_learned(behavior: str) -> None:
    assert behavior in BEHAVIORS.all()
    assert behavior in read_card(SHIPPED / DEFAULT)["behaviors"]
