"""How a tagger errs over the eras of a run, by its audits, and where that changed."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from traceanalytics.findings.audits import drifts
from traceanalytics.pages.charts import data_of, steps_axis
from traceanalytics.pages.rates import Rates
from traceanalytics.pages.view import View
from traceanalytics.stats.correction import Audit
from traceanalytics.stats.estimate import Estimate
from traceanalytics.types import JSON

if TYPE_CHECKING:
    import altair

FALSE_ALARM, MISS = "false alarm: tagged, and not there", "miss: there, and not tagged"


def errors_over_eras(view: View, audits: Sequence[Mapping[str, JSON]]) -> Rates:
    """Return both error rates of each audited era with exact limits; `alarm` says why where the errors changed."""
    late = {(drift.behavior, drift.run, drift.late): str(drift) for drift in drifts(view.store)}
    rows: Rates = []
    for row in audits:
        first, last = ends_of(row["steps"])
        audit = Audit(row["tp"], row["fp"], row["fn"], row["tn"])
        place = {
            "audited": row["behavior"] if len(view.runs) < 2 else f"{row['behavior']}, {row['run']}",
            "step": (first + last) / 2,
            "era": f"steps {row['steps']}",
            "alarm": late.get((row["behavior"], row["run"], row["steps"])),
        }
        for what, rate, n in (
            (FALSE_ALARM, audit.false_positive_rate, audit.fp + audit.tn),
            (MISS, _other(audit.sensitivity), audit.tp + audit.fn),
        ):
            if n > 0:
                rows.append({**place, "error": what, **_limits(rate), "n": round(n)})
    return rows


def ends_of(band: str) -> tuple[int, int]:
    """Return the first and the last step of an era.

    >>> ends_of("50-99"), ends_of("7")
    ((50, 99), (7, 7))
    """
    first, _, last = band.partition("-")
    return int(first), int(last or first)


def draw_errors(rows: Rates) -> "altair.FacetChart":
    """Draw a small chart a behavior and run; a triangle over an era sounds the alarm."""
    import altair as alt

    told = [
        *(alt.Tooltip(f"{name}:N") for name in ("audited", "era", "error")),
        *(alt.Tooltip(f"{name}:Q", format=".1%") for name in ("value", "low", "high")),
        alt.Tooltip("n:Q", title="audited rollouts"),
    ]
    axis = alt.Axis(format="%", tickCount=4)
    base = alt.Chart().encode(
        x=steps_axis("training step, middle of the era", padding=16, ticks=5),
        color=alt.Color("error:N", title="error", scale=alt.Scale(domain=[FALSE_ALARM, MISS])),
    )
    ranges = base.mark_rule(strokeWidth=2).encode(
        y=alt.Y("low:Q", title="share of rollouts", axis=axis), y2=alt.Y2("high:Q")
    )
    lines = base.mark_line(point=alt.OverlayMarkDef(size=60, filled=True)).encode(
        y=alt.Y("value:Q", title="share of rollouts"), tooltip=told
    )
    alarms = (
        alt.Chart()
        .transform_filter("isValid(datum.alarm)")
        .mark_point(shape="triangle-down", size=130, filled=True, color="#D55E00", opacity=1)
        .encode(x=alt.X("step:Q"), y=alt.YValue(6), tooltip=[alt.Tooltip("alarm:N")])
    )
    cell = alt.layer(ranges, lines, alarms, data=data_of(rows)).properties(width="container", height=150)
    facet = alt.Facet("audited:N", title=None)
    return cell.facet(facet=facet, columns=2, spacing={"row": 34, "column": 48}).properties(
        usermeta={"smallest": 420, "room": 80}
    )


def _other(rate: Estimate) -> Estimate:
    return Estimate(1 - rate.value, 1 - rate.high, 1 - rate.low, rate.n, rate.unit)


def _limits(rate: Estimate) -> dict[str, float]:
    return {name: round(float(getattr(rate, name)), 6) for name in ("value", "low", "high")}
