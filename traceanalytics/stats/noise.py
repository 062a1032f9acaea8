"""Judgments that a model, trained without them, is confident are wrong: confident learning."""

from dataclasses import dataclass

from traceanalytics.stats.estimate import Numbers, floats

FEWEST = 5  # yes and no of a behavior, below which its confidence thresholds say nothing


@dataclass(frozen=True, slots=True)
class Doubt:
    """A judgment in doubt: its row and column, and how much likelier the model finds the other answer."""

    row: int
    column: int
    margin: float


def doubts(answers: Numbers, probabilities: Numbers) -> list[Doubt]:
    """Return as many judgments as are estimated to be wrong, those with the likeliest other answer, the worst first.

    `answers` are 1, 0 or -1 for not judged; `probabilities` of yes come from models that did not see the row. An answer
    is confident where it is as likely as it is on average where it was given; the part of a given answer's confident
    rows that are confident of the other one is the part that is wrong (Northcutt, Jiang & Chuang 2021).
    """
    given, yes = floats(answers), floats(probabilities)
    found = []
    for column in range(given.shape[1]):
        was_yes, was_no = given[:, column] == 1, given[:, column] == 0
        if min(was_yes.sum(), was_no.sum()) < FEWEST:
            continue
        p = yes[:, column]
        is_sure_yes, is_sure_no = p >= p[was_yes].mean(), 1 - p >= (1 - p[was_no]).mean()
        for rows, of_other, is_sure, is_sure_of_other in (
            (was_yes, 1 - p, is_sure_yes, is_sure_no),
            (was_no, p, is_sure_no, is_sure_yes),
        ):
            same, other = (rows & is_sure).sum(), (rows & is_sure_of_other & (of_other > 0.5)).sum()
            wrong = round(rows.sum() * other / max(same + other, 1))
            doubted = sorted((rows & (of_other > 0.5)).nonzero()[0], key=lambda row: -of_other[row])[:wrong]
            found += [Doubt(int(row), column, float(2 * of_other[row] - 1)) for row in doubted]
    return sorted(found, key=lambda doubt: (-doubt.margin, doubt.row, doubt.column))
