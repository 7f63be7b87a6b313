"""potline completion: the shell's own completion of commands, options and their values."""

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what makes a shell complete potline's commands, options and values with the tab key.

    Exit code 0: printed; 2: the shell is none of these.

    \b
    Examples:
      potline completion bash | sudo tee /etc/bash_completion.d/potline
      potline completion fish > ~/.config/fish/completions/potline.fish
    """  # noqa: D301 - \b is what click knows
    found = get_completion_class(shell)
    if found is None:  # click knows all three
        raise click.BadParameter(f"click does not complete for {shell}", param_hint="SHELL")
    program = ctx.find_root().command
    click.echo(found(program, {}, "potline", "_POTLINE_COMPLETE").source())
