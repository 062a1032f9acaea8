"""`ta judge`: a model judges a queue."""

from pathlib import Path
from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, in_a_folder
from traceanalytics.cli.output import emit_json, emit_line, harmless, note

PANEL = "Judge and train"


def judge(
    queue: Annotated[Path, typer.Argument(help="A queue that `ta suggest` drew.")],
    endpoint: Annotated[str, typer.Option(help="Base address of an OpenAI-compatible API, such as a local vLLM's.")],
    model: Annotated[str, typer.Option(help="The model to ask; its judgments are marked llm:MODEL.")],
    out: Annotated[
        Path | None,
        typer.Option(
            callback=in_a_folder,
            help="The label file to append to; QUEUE-by-MODEL.jsonl if left out.",
        ),
    ] = None,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Questions asked at a time.")] = 8,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask no more than this many.")] = None,
    timeout: Annotated[float, typer.Option(min=0.01, help="Seconds to wait for a reply.")] = 120.0,
    tries: Annotated[int, typer.Option(min=1, help="How often to ask when no verdict comes.")] = 5,
    first_wait: Annotated[float, typer.Option(min=0, help="Seconds before the second try; doubled each time.")] = 1.0,
    key_variable: Annotated[
        str | None, typer.Option("--key-in", help="The environment variable that holds the API key.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have a model answer a queue, with each behavior's file as rubric; run it again to go on.

    Exits 1 when questions stay open.
    """
    from traceanalytics.errors import Refused
    from traceanalytics.verbs.judge import Endpoint, key_in
    from traceanalytics.verbs.judge import judge as judge_queue

    asked = Endpoint(endpoint, model, key_in(key_variable), timeout, tries, first_wait)

    def warn(reason: str) -> None:
        note(f"{harmless(reason)}; asks again, {tries} times in all")

    report = judge_queue(queue, asked, out=out, concurrency=concurrency, limit=limit, warn=warn)
    if as_json:
        counts = {name: getattr(report, name) for name in ("answered", "unsure", "open", "cached", "retries")}
        emit_json({"labels": str(report.labels), **counts, "reason": report.reason})
    else:
        emit_line(
            f"{report.answered:,} answered, {report.unsure:,} unsure, {report.open:,} open; answers in {report.labels}"
        )
    if report.open:
        raise Refused(
            f"{report.open:,} questions got no verdict; run this again to ask them. {harmless(report.reason)}"
        )
