"""`ta read`: rollouts in the terminal, spans in color."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from traceanalytics.cli.options import AsJson, Db
from traceanalytics.cli.output import emit_json, emit_line

if TYPE_CHECKING:
    from traceanalytics.pages.terminal import Browser

PANEL = "See"
_COLORS = 6
_WIDTH = 100  # of what is printed when there is no terminal


def read(
    db: Db,
    run: Annotated[str | None, typer.Option(help="One run; every run if left out.")] = None,
    split: Annotated[str | None, typer.Option(help="train, val, eval or probe.")] = None,
    behavior: Annotated[str | None, typer.Option(help="Rollouts that show it.")] = None,
    step: Annotated[int | None, typer.Option(help="One training step.")] = None,
    correct: Annotated[bool | None, typer.Option("--correct/--wrong", help="Only right or only wrong ones.")] = None,
    min_reward: Annotated[float | None, typer.Option(help="Least reward.")] = None,
    search: Annotated[str, typer.Option(help="Words that the response holds.")] = "",
    as_json: AsJson = False,
) -> None:
    """Browse rollouts by behavior, step, reward and correctness; without a terminal, print the first of them."""
    from traceanalytics.store.store import Store
    from traceanalytics.verbs.read import read as open_rollouts

    browser = open_rollouts(
        Store(db),
        run=run,
        split=split,
        behavior=behavior,
        step=step,
        is_correct=correct,
        min_reward=min_reward,
        search=search,
    )
    if as_json:
        emit_json(
            [{"rollout_id": each.rollout_id, **each.facts, "response": each.response} for each in browser.readings]
        )
    elif sys.stdin.isatty() and sys.stdout.isatty():
        import curses

        curses.wrapper(_show, browser)
    else:
        for line in browser.screen(_WIDTH, 10**6):
            text = "".join(piece for piece, _ in line).rstrip()
            if text:
                emit_line(text)


def _show(window: Any, browser: "Browser") -> None:
    import curses

    styles = _styles()
    curses.curs_set(0)
    is_open = True
    while is_open:
        height, width = window.getmaxyx()
        window.erase()
        for row, line in enumerate(browser.screen(width - 1, height)):
            column = 0
            for text, style in line:
                window.addnstr(row, column, text, max(width - 1 - column, 0), styles.get(style, 0))
                column = window.getyx()[1]
        window.refresh()
        is_open = browser.press(_name_of(window.get_wch()))


def _name_of(key: str | int) -> str:
    import curses

    names: dict[str | int, str] = {
        curses.KEY_DOWN: "down",
        curses.KEY_UP: "up",
        curses.KEY_NPAGE: "page down",
        curses.KEY_PPAGE: "page up",
        curses.KEY_BACKSPACE: "backspace",
        "\x7f": "backspace",
        "\b": "backspace",
        "\n": "enter",
        "\r": "enter",
        "\x1b": "escape",
    }
    return names.get(key, key if isinstance(key, str) else "")


def _styles() -> dict[str, int]:
    import curses

    styles = {"faint": curses.A_DIM, "strong": curses.A_BOLD, "plain": curses.A_NORMAL}
    curses.use_default_colors()
    colors = (curses.COLOR_CYAN, curses.COLOR_YELLOW, curses.COLOR_GREEN, curses.COLOR_MAGENTA, curses.COLOR_BLUE,
              curses.COLOR_RED)  # fmt: skip
    for number in range(64):
        pair = number % _COLORS + 1
        curses.init_pair(pair, colors[number % _COLORS], -1)
        styles[f"lit {number}"] = curses.color_pair(pair) | curses.A_BOLD | curses.A_UNDERLINE
        styles[f"half lit {number}"] = curses.color_pair(pair)
    return styles
