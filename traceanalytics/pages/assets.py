"""The one script that draws charts without a network: Vega, Vega-Lite and vega-embed in a bundle, kept in a cache."""

import os
from importlib.metadata import version
from pathlib import Path
from threading import Lock, Thread

_MAKING = Lock()  # by one thread at a time


def vega_bundle() -> str:
    """Return the bundle as one script; making it takes seconds, so it is kept."""
    with _MAKING:
        return _kept_bundle()


def _kept_bundle() -> str:
    path = _cache_folder() / f"vega-{version('altair')}-{version('vl-convert-python')}.js"
    if not path.exists():
        import vl_convert

        script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(script, encoding="utf-8")
        unfinished.replace(path)
    return path.read_text(encoding="utf-8")


def _cache_folder() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "traceanalytics"


def load_beside() -> None:
    """Load what takes a second to load while the store is asked, which leaves Python idle."""
    Thread(target=_load, daemon=True).start()


def _load() -> None:
    import pyarrow

    pyarrow.array([0]).to_numpy()  # for which Arrow loads pandas, where that is installed
    import altair  # noqa: F401

    vega_bundle()
