"""Plug-ins by name: ours and a stranger's are declared the same way, as entry points."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import Generic, TypeVar

from traceanalytics.errors import TraceAnalyticsError, UnknownName

Plugin = TypeVar("Plugin")


def load_file(path: Path) -> ModuleType:
    """Run one Python file that a user put in a folder of theirs, as a module."""
    name = f"traceanalytics_user_{path.parent.name}_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise TraceAnalyticsError(f"{path}: no Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look up the annotations of a class
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise TraceAnalyticsError(f"{path}: {type(error).__name__} while loading: {error}") from error
    return module


class Registry(Generic[Plugin]):
    """Plug-ins of one kind. An entry point names one plug-in, or a package with one plug-in a file."""

    def __init__(self, group: str, kind: str, plugin_type: Callable[[], type[Plugin]]) -> None:
        self.group = group
        self.kind = kind
        self._plugin_type = plugin_type
        self._loaded: dict[str, Plugin] | None = None

    def all(self) -> dict[str, Plugin]:
        """Return every plug-in by name, sorted; two of one name are an error that says where both are."""
        if self._loaded is None:
            found: dict[str, tuple[str, Plugin]] = {}
            for origin, plugin in self._found():
                name = str(getattr(plugin, "name", None) or getattr(plugin, "kind", None))
                if name in found:
                    raise TraceAnalyticsError(f"two {self.kind}s are called {name!r}: {found[name][0]} and {origin}")
                found[name] = (origin, plugin)
            self._loaded = {name: found[name][1] for name in sorted(found)}
        return self._loaded

    def get(self, name: str) -> Plugin:
        """Return one plug-in; an unknown name is answered with the nearest and all known ones."""
        if name not in self.all():
            raise UnknownName(self.kind, name, self.all())
        return self.all()[name]

    def _found(self) -> Iterator[tuple[str, Plugin]]:
        wanted = self._plugin_type()
        for point in sorted(entry_points(group=self.group), key=lambda point: (point.name, point.value)):
            target = point.load()
            if isinstance(target, wanted):
                yield point.value, target
            elif isinstance(target, ModuleType) and hasattr(target, "__path__"):
                for info in iter_modules(target.__path__, f"{target.__name__}."):
                    module = import_module(info.name)
                    for value in vars(module).values():
                        if isinstance(value, wanted):
                            yield info.name, value
            else:
                raise TraceAnalyticsError(
                    f"entry point {point.value!r} in group {self.group!r} is {type(target).__name__}; "
                    f"it must be a {wanted.__name__} or a package of files that define one each"
                )
