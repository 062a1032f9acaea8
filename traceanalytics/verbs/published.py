"""Published numbers held against arithmetic: can they be true as printed?"""

from collections.abc import Sequence

from traceanalytics.errors import BadInput
from traceanalytics.stats.published import Check, possible_percentage, sums_to, total_probability


def published(
    percentages: Sequence[str] = (),
    *,
    of: int | None = None,
    overall: str | None = None,
    share: str | None = None,
    inside: str | None = None,
    outside: str | None = None,
    sums: Sequence[str] = (),
) -> list[Check]:
    """Return a check of each percentage of so many, of one overall against its two parts, and of parts that sum to 100.

    Numbers are texts, as they are printed: `65.0` says more than `65`.
    """
    for number in (*percentages, *sums, *filter(None, (overall, share, inside, outside))):
        _refuse_no_number(number)
    checks = []
    if percentages:
        if of is None or of < 1:
            raise BadInput("of how many? --of 500 says what the percentages are taken of")
        checks += [possible_percentage(number, of) for number in percentages]
    given = {"overall": overall, "share": share, "inside": inside, "outside": outside}
    if overall is not None and share is not None and inside is not None and outside is not None:
        checks.append(total_probability(overall, share=share, inside=inside, outside=outside))
    elif any(given.values()):
        missing = ", ".join(f"--{name}" for name, value in given.items() if value is None)
        raise BadInput(f"an overall rate is held against its share, inside and outside: {missing} is missing")
    if sums:
        checks.append(sums_to(sums))
    if not checks:
        raise BadInput("nothing to check: give percentages and --of, an overall rate with its parts, or --sums")
    return checks


def _refuse_no_number(printed: str) -> None:
    try:
        float(printed)
    except ValueError as error:
        raise BadInput(f"{printed!r} is no number; write it as it is printed, such as 66.7") from error
