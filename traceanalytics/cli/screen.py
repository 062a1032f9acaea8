"""A full screen that keys change, in any terminal: over ssh, without colors, with control characters shown as text."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from traceanalytics.errors import BadInput

if TYPE_CHECKING:
    from traceanalytics.pages.terminal import Line

_COLORS = 6


class Screen(Protocol):
    """What `show` puts on the screen."""

    def screen(self, width: int, height: int) -> "list[Line]":
        """Return as many lines as there is room for."""

    def press(self, key: str) -> bool:
        """Do what a key asks for; False ends."""


def show(shown: Screen) -> None:
    """Show a screen and hand it the keys until one of them ends it."""
    import curses

    try:
        curses.wrapper(_loop, shown)
    except curses.error as error:
        raise BadInput(f"the terminal cannot show a screen: {error}; set TERM, for example TERM=vt100") from error


def _loop(window: Any, shown: Screen) -> None:
    import curses

    styles = _styles()
    is_open = True
    while is_open:
        height, width = window.getmaxyx()
        window.erase()
        for row, line in enumerate(shown.screen(width - 1, height)):
            column = 0
            for text, style in line:
                window.addnstr(row, column, text, max(width - 1 - column, 0), styles.get(style, 0))
                column = window.getyx()[1]
        window.refresh()
        try:
            key = window.get_wch()
        except KeyboardInterrupt:
            return
        is_open = key == curses.KEY_RESIZE or shown.press(_name_of(key))


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

    with suppress(curses.error):  # a terminal that cannot hide its cursor
        curses.curs_set(0)
    styles = {"faint": curses.A_DIM, "strong": curses.A_BOLD, "plain": curses.A_NORMAL}
    has_colors = curses.has_colors()
    if has_colors:
        curses.use_default_colors()
    colors = (curses.COLOR_CYAN, curses.COLOR_YELLOW, curses.COLOR_GREEN, curses.COLOR_MAGENTA, curses.COLOR_BLUE,
              curses.COLOR_RED)  # fmt: skip
    for number in range(64):
        pair = number % _COLORS + 1
        if has_colors:
            curses.init_pair(pair, colors[number % _COLORS], -1)
        color = curses.color_pair(pair) if has_colors else 0
        styles[f"lit {number}"] = color | curses.A_BOLD | curses.A_UNDERLINE
        styles[f"half lit {number}"] = color
    return styles
