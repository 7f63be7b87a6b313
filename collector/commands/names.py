"""What the tab key offers where a command wants a name of the configuration: meters, endpoints, potlines, databases."""

from collections.abc import Callable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from collector.settings import Configuration, ConfigurationError, load

_Names = Callable[[Configuration], list[str]]
_Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _completed(names: _Names) -> _Complete:
    def complete(context: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
        del parameter
        config_file = context.params.get("config_file") or Path("config/collector.toml")
        try:
            known = names(load(Path(config_file), with_secrets=False))
        except ConfigurationError:
            return []  # 'potline check' says why; here nobody could read it
        return [CompletionItem(name) for name in known if name.startswith(begun)]

    return complete


meters = _completed(lambda configuration: [meter.id for meter in configuration.plant.meters])
endpoints = _completed(lambda configuration: [endpoint.id for endpoint in configuration.plant.endpoints])
potlines = _completed(lambda configuration: [potline.id for potline in configuration.plant.potlines])
databases = _completed(lambda configuration: [target.name for target in configuration.targets])
