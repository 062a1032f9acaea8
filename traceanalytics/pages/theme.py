"""How charts look: colors that color-blind readers tell apart, named axes, light and dark, as wide as there is room."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from traceanalytics.types import JSON

if TYPE_CHECKING:
    import altair

# Okabe and Ito 2008: told apart with every kind of color vision.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6BB1", "#666666")
# As many again, told from the first by how light they are: toward black on white paper, toward white on black.
_MORE = 0.45
FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif"
LIGHT, DARK = "#1b1f24", "#e6e8ea"
_DRAWN_DIGITS = 8
_NOTHING = 1e-12  # what is left of a sum that is 0
AXIS_ROOM = 64  # what the axis on the left of a chart needs; `usermeta.room` says another width
SMALL_AXIS_ROOM = 62  # of a small chart, with the space to its neighbor


def config(*, dark: bool = False) -> dict[str, JSON]:
    """Return what every chart's configuration is laid over."""
    ink, grid = (DARK, "#3a3f45") if dark else (LIGHT, "#dde1e5")
    axis = {"labelColor": ink, "titleColor": ink, "gridColor": grid, "domainColor": grid, "tickColor": grid}
    return {
        "background": "transparent",
        "font": FONT,
        "axis": {**axis, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 500, "gridOpacity": 0.7},
        "legend": {
            "labelColor": ink,
            "titleColor": ink,
            "labelFontSize": 12,
            "orient": "bottom",
            "columns": 3,
            "labelLimit": 340,
        },
        "title": {
            "color": ink,
            "subtitleColor": ink,
            "fontSize": 13,
            "anchor": "start",
            "fontWeight": 600,
            "offset": 12,
        },
        "header": {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "labelFontWeight": 600},
        "range": {"category": [*COLORS, *(_toward(255 if dark else 0, color) for color in COLORS)]},
        "view": {"stroke": None},
        "text": {"color": ink},
        "rule": {"color": ink},
    }


def _toward(end: int, color: str) -> str:
    """Mix a color with black or white.

    >>> _toward(0, "#0072B2")
    '#003f62'
    """
    mixed = (round(end * _MORE + int(color[i : i + 2], 16) * (1 - _MORE)) for i in (1, 3, 5))
    return f"#{''.join(f'{each:02x}' for each in mixed)}"


def spec_of(chart: "altair.TopLevelMixin") -> dict[str, JSON]:
    """Return a chart's specification, its rows as objects; Altair checks charts as they are made, and not again.

    Sums over rollouts differ in their last digits from one reading to the next, as threads add them up in any order:
    rows keep the digits that can be drawn, and are named by these, so that the same store gives the same chart.
    """
    spec: dict[str, JSON] = chart.to_dict(validate=False)
    names, held = {}, {}
    for name, rows in spec.pop("datasets", {}).items():
        drawn = _as_drawn(rows if isinstance(rows, str) else json.dumps(rows))
        names[name] = f"data-{sha256(json.dumps(drawn).encode()).hexdigest()[:32]}"
        held[names[name]] = drawn
    named: dict[str, JSON] = _naming(_as_drawn(json.dumps(spec)), names)
    return {**named, "datasets": held} if held else named


def _as_drawn(text: str) -> JSON:
    return json.loads(text, parse_float=_drawn)


def _drawn(number: str) -> float:
    """Read a number with the digits that can be drawn.

    >>> _drawn("-0.005778827386561568"), _drawn("3.1e-17")
    (-0.0057788274, 0.0)
    """
    value = float(f"{float(number):.{_DRAWN_DIGITS}g}")
    return value if abs(value) > _NOTHING else 0.0


def _naming(spec: JSON, names: Mapping[str, str]) -> JSON:
    """Call the data of a chart and of its layers by other names."""
    if isinstance(spec, list):
        return [_naming(each, names) for each in spec]
    if not isinstance(spec, dict):
        return spec
    return {
        key: {**value, "name": names.get(value["name"], value["name"])}
        if key == "data" and isinstance(value, dict) and "name" in value
        else _naming(value, names)
        for key, value in spec.items()
    }


def with_colors(spec: JSON, runs: Sequence[str]) -> JSON:
    """Give a run the same color in each chart, also in those where another run has nothing to draw."""
    if isinstance(spec, list):
        return [with_colors(each, runs) for each in spec]
    if not isinstance(spec, dict):
        return spec
    found = {key: value if key in ("datasets", "values") else with_colors(value, runs) for key, value in spec.items()}
    for channel in ("color", "fill"):
        given = found.get(channel)
        if not runs or not isinstance(given, dict) or given.get("field") != "run" or "scale" in given:
            continue
        if str(given.get("title")).startswith("run"):  # and not a configuration, which holds several
            found[channel] = {**given, "scale": {"domain": list(runs)}}
    return found


def fit(spec: dict[str, JSON], width: int) -> dict[str, JSON]:
    """Give every chart of a specification its width, as `page.js` does in a window.

    `usermeta.smallest` is the least width of a small chart: as many stand side by side as there is room for.
    """
    wanted = {"smallest": width, "room": AXIS_ROOM, **spec.get("usermeta", {})}
    columns = max(1, width // wanted["smallest"])

    def fitted(node: JSON, room: int) -> JSON:
        if isinstance(node, list):
            return [fitted(each, room) for each in node]
        if not isinstance(node, dict):
            return node
        if "facet" in node and "spec" in node:
            room = min(room, width // columns - SMALL_AXIS_ROOM)
            node = {**node, "columns": columns}
        found = {key: value if key in ("datasets", "values") else fitted(value, room) for key, value in node.items()}
        return {**found, "width": max(80, room)} if found.get("width") == "container" else found

    in_it: dict[str, JSON] = fitted(spec, width - wanted["room"])
    return in_it


def themed(chart: "altair.TopLevelMixin", *, dark: bool = False, width: int = 900) -> dict[str, JSON]:
    """Return a chart's specification in our colors, for an image of this width."""
    spec = fit(spec_of(chart), width)
    background = {"background": "#14171a"} if dark else {"background": "#ffffff"}
    spec["config"] = {**spec.get("config", {}), **config(dark=dark), **background}
    return spec
