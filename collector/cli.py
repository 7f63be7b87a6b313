"""The command ``potline``: arguments in, exit code out."""

from importlib import import_module

import click

COMMANDS = {
    "check": "collector.commands.checked:check",
    "completion": "collector.commands.completion:completion",
    "demo": "collector.starting:demo",
    "efficiency": "collector.commands.efficiency:efficiency",
    "export": "collector.commands.export:export",
    "factors": "collector.commands.factors:factors",
    "outbox": "collector.starting:outbox",
    "provision": "collector.commands.provision:provision",
    "read": "collector.panel:read",
    "reload": "collector.commands.reload:reload",
    "report": "collector.commands.report:report",
    "restate": "collector.commands.restate:restate",
    "run": "collector.starting:run",
    "scan": "collector.panel:scan",
    "status": "collector.commands.status:status",
    "verify": "collector.commands.verify:verify",
}
"""Where each command is. Imported when it is called: all of them together take over a second."""


class _Potline(click.Group):
    """A group whose commands are imported one by one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None if there is none of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), name)
        if not isinstance(found, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name]} is no command")
        return found


@click.group(cls=_Potline, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="potline-collector", prog_name="potline")
def main() -> None:
    """Energy and emissions of aluminium potlines, live and accountable.

    Begin with 'potline demo', which needs no hardware.

    Exit codes of all commands: 0 all is well; 1 it is not, or something could not be done; 2 the command is written
    wrongly; 69 who was asked does not answer, or there is no store; 78 the settings are wrong.
    """
