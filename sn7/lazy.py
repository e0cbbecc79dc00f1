"""Commands that import their folder when they are called: help and completion stay quick."""

import importlib
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from sn7.commands import COMMANDS, Command
from sn7.errors import ExtraMissingError

PACKAGE: Final = "sn7-warehouse"

_OURS: Final = {entry.module.partition(".")[0] for entry in COMMANDS}


class LazyCommand(TyperCommand):
    """Stands for a command of a folder, and makes way for it once it is called.

    Args:
        entry: Its line of the table.
    """

    def __init__(self, entry: Command) -> None:
        super().__init__(entry.name, help=entry.help, rich_help_panel=entry.panel)
        self._entry = entry

    def make_context(
        self, info_name: str | None, args: list[str], parent: Any = None, **options: Any
    ) -> Any:
        """Return the context of the folder's own command, which then runs or completes."""
        group = typer.main.get_command(importlib.import_module(self._entry.module).app)
        command = group
        if isinstance(group, TyperGroup):
            if group.callback is not None and not options.get("resilient_parsing"):
                group.callback()  # where a folder sets up its logging
            command = group.commands[self._entry.target]
        given = [*self._entry.given, *args]
        return command.make_context(info_name, given, parent=parent, **options)


class Commands(TyperGroup):
    """All commands of the table."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {entry.name: LazyCommand(entry) for entry in COMMANDS}

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for.

        Raises:
            ExtraMissingError: It needs a package that is not installed.
        """
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            missing = (error.name or "").partition(".")[0]
            if not missing or missing in _OURS:
                raise
            raise _extra_missing(missing, str(ctx.invoked_subcommand)) from error


def _extra_missing(package: str, name: str) -> ExtraMissingError:
    [entry] = [entry for entry in COMMANDS if entry.name == name]
    return ExtraMissingError(
        f"sn7 {name} needs the package {package}, which is not installed; install all that it "
        f"needs with: pip install '{PACKAGE}[{entry.extra}]'"
    )
