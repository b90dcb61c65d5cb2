"""What commands share that have the stream do something, or do it where none runs."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import typer

from adlake.settings import Settings

NOTHING_MORE: Final[Mapping[str, int]] = MappingProxyType({})


def ask_stream(
    settings: Settings, name: str, kind: str, arguments: Mapping[str, int] = NOTHING_MORE
) -> None:
    """Print the result of an operation (`kind`) once it is done; `name` is that of its log."""
    from adlake.streaming.requests import ask
    from adlake.wiring.operations import request_config
    from adlake.wiring.spark import choose_jdk

    config = request_config(settings, name)
    choose_jdk(settings)
    typer.echo(ask(config, kind, arguments, lambda line: typer.echo(line, err=True)))
