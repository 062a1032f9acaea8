"""`ta published`: can a printed percentage be true?"""

from dataclasses import asdict
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson
from traceanalytics.cli.output import emit_json, emit_line
from traceanalytics.errors import Refused

PANEL = "Ask"
_Printed = str | None


def published(
    percentages: Annotated[list[str] | None, typer.Argument(help="Percentages, as they are printed.")] = None,
    of: Annotated[int | None, typer.Option(help="How many they are taken of, such as 500 problems.")] = None,
    overall: Annotated[_Printed, typer.Option(help="A rate over everything, held against its two parts.")] = None,
    share: Annotated[_Printed, typer.Option(help="The share of the first part, in percent.")] = None,
    inside: Annotated[_Printed, typer.Option(help="The rate in the first part.")] = None,
    outside: Annotated[_Printed, typer.Option(help="The rate in the rest.")] = None,
    sums: Annotated[_Printed, typer.Option(help="Parts that should make 100, with commas.")] = None,
    as_json: AsJson = False,
) -> None:
    """Hold published numbers against arithmetic: `ta published 66.7 65.0 --of 500`; exits 1 when one is impossible."""
    from traceanalytics.verbs.published import published as check

    checks = check(
        percentages or [],
        of=of,
        overall=overall,
        share=share,
        inside=inside,
        outside=outside,
        sums=sums.split(",") if sums else [],
    )
    if as_json:
        emit_json([asdict(each) for each in checks])
    else:
        for each in checks:
            emit_line(each.says)
    wrong = sum(not each.holds for each in checks)
    if wrong:
        raise Refused(f"{wrong} of {len(checks)} numbers cannot be true as printed")
