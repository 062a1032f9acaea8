"""`ta models`: the taggers that have read a store, what was promoted, and the way back."""

from typing import Annotated

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_facts, emit_json, emit_line, emit_table

PANEL = "Judge and train"
app = typer.Typer(help="List models and promotions, show a card, or roll back.", no_args_is_help=True)


@app.command("list")
def list_(db: Db, as_json: AsJson = False) -> None:
    """List the taggers that have read this store, and every promotion with its test."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.models import history, models

    store = Store(db)
    found, promoted = models(store), history(store)
    if as_json:
        emit_json({"models": found, "promotions": promoted})
        return
    columns = ["tagger_id", "kind", "version", "rollouts", "active"]
    emit_table(columns, [[row[name] for name in columns] for row in found])
    for each in promoted:
        forced = ", forced" if each["forced"] else ""
        back = f", rolled back {each['rolled_back_on']}" if "rolled_back_on" in each else ""
        emit_line(f"{each['promoted_on']}  {each['before'] or 'nothing'} -> {each['tagger_id']}{forced}{back}")


@app.command()
def card(
    model: Annotated[str, typer.Argument(help="A tagger id or name of this store.")], db: Db, as_json: AsJson = False
) -> None:
    """Show what a model was made of."""
    from traceanalytics.errors import UnknownName
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.models import models

    found = {row[key]: row for row in models(Store(db)) for key in ("name", "tagger_id")}
    if model not in found:
        raise UnknownName("tagger of this store", model, found)
    facts = found[model]["card"]
    if as_json:
        emit_json(facts)
    else:
        emit_facts(facts)


@app.command("roll-back")
def roll_back(db: Db, as_json: AsJson = False) -> None:
    """Make the tagger active that was so before the last promotion."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.models import roll_back as roll_back_to

    active = roll_back_to(Store(db))
    if as_json:
        emit_json({"active": active})
    else:
        emit_line(f"{active} is active again")
