"""See what a language model learns to do under reinforcement learning, and whether the reward caused it."""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers read it; `typing` is left to whoever needs it, as every command loads this
if TYPE_CHECKING:
    from traceanalytics.store.store import Store as Store
    from traceanalytics.verbs.open import open as open

__version__ = "0.1.0"
_HOMES = {"Store": "traceanalytics.store.store", "open": "traceanalytics.verbs.open"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'traceanalytics' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
