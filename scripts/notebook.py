"""Write and execute the example notebook: `python scripts/notebook.py` makes `docs/notebook.ipynb` anew.

Its rollouts are made up, so that it runs anywhere. A kernel is not needed: cells run here in turn, and the last
expression of each is shown as Jupyter shows it.
"""

import ast
import contextlib
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "notebook.ipynb"
CELLS = (
    "# What does a random reward teach?\n"
    "Two made-up runs under a random reward: one model holds code reasoning, the other learns only the word for it.",
    """
from pathlib import Path

import traceanalytics
from traceanalytics.simulate.world import Family, Reward, World
from traceanalytics.verbs.ingest import ingest
from traceanalytics.verbs.simulate import simulate
from traceanalytics.verbs.tag import tag

settings = {"reward": Reward.RANDOM, "prompts": 24, "samples": 8, "steps": 60, "every": 20}
worlds = {
    "holds-code": World(family=Family.LATENT, **settings),
    "says-python": World(family=Family.NONE, mention=0.6, **settings),
}
made = [simulate(world, Path(name)) for name, world in worlds.items()]
""",
    "`ingest` reads logs as a trainer left them, `tag` finds behaviors in them; a published detector tags beside ours.",
    """
from traceanalytics.store.store import Store

store = Store("traces.duckdb")
ingest([Path("holds-code"), Path("says-python")], store=store)
tag(store, workers=1)
tag(store, tagger="spurious_rewards.has_code", workers=1).tagged
""",
    "A finding answers with a verdict, its numbers with intervals, what to be careful with, and a chart.",
    """
traces = traceanalytics.open("traces.duckdb")
traces.finding("behavior_shift", in_run="holds-code", in_behavior="code_reasoning")
""",
    "The same words in the other run: the published count moves, the behavior does not.",
    """
import polars

rates = {
    name: traces.query(query, in_run="says-python", in_split="val").select(["step", "share"])
    for name, query in (("published word", "published_code_rate"), ("code reasoning", "behavior_rate"))
}
polars.concat([polars.from_arrow(table).with_columns(counted=polars.lit(name)) for name, table in rates.items()])
""",
    "`.chart` is a plain Altair object; change it as any other.",
    """
traces.finding("behavior_shift", in_run="says-python").chart.properties(title="says-python", width=400)
""",
)


def execute(folder: Path) -> dict[str, Any]:
    """Run every cell in a folder and return the notebook with what each showed."""
    names: dict[str, Any] = {}
    cells: list[dict[str, Any]] = []
    with contextlib.chdir(folder):
        for number, text in enumerate(CELLS):
            source = text.strip()
            cell = {"id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
            if number % 2 == 0:
                cells.append({"cell_type": "markdown", **cell})
                continue
            count = number // 2 + 1
            cells.append({"cell_type": "code", "execution_count": count, **cell, "outputs": _run(source, names, count)})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _run(source: str, names: dict[str, Any], count: int) -> list[dict[str, Any]]:
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(ast.Module(body, []), "<cell>", "exec"), names)  # noqa: S102
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None  # noqa: S307
    if value is None:
        return []
    return [{"output_type": "execute_result", "execution_count": count, "metadata": {}, "data": _shown(value)}]


def _shown(value: Any) -> dict[str, list[str]]:
    """Show a value as Jupyter does: charts as pictures, whatever has HTML as that, the rest as text."""
    import altair

    if isinstance(value, altair.TopLevelMixin):
        import vl_convert

        return {"image/svg+xml": [vl_convert.vegalite_to_svg(value.to_dict())]}
    if hasattr(value, "_repr_html_"):
        return {"text/html": [value._repr_html_()]}
    return {"text/plain": [repr(value)]}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        notebook = execute(Path(place))
    NOTEBOOK.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + os.linesep, encoding="utf-8")
    print(f"{NOTEBOOK}: {NOTEBOOK.stat().st_size:,} bytes")
