"""``python -m warehouse``: the private server and the way into the database."""

import logging
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from warehouse.access import connect, dsn, libpq_environment, program_environment
from warehouse.backup.restoring import restore_backup
from warehouse.backup.writing import write_backup
from warehouse.cli import PASS_ON, command_line, hand_over, run_cli
from warehouse.connection.errors import CommandMissingError, PasswordError
from warehouse.connection.libpq import shut_out_caller
from warehouse.connection.roles import Role
from warehouse.connection.settings import get_settings
from warehouse.running.build import answers, run_build, writes
from warehouse.server import lifecycle
from warehouse.server.install import ensure_postgres
from warehouse.server.whereabouts import check_nothing_is_lost
from warehouse.setup.logins import LoginPasswords, set_logins
from warehouse.setup.passwords import generate_password, remove_password, set_password

app = command_line(__doc__)

HERE: Final = Path("/var/backups/sn7")
ForceOption = Annotated[bool, typer.Option("--force", help="Even while a run or a load is on.")]
RoleOption = Annotated[Role | None, typer.Option(help="Act as this role of the database.")]


@app.callback()
def _configure() -> None:
    logging.getLogger("warehouse").setLevel(logging.INFO)


@app.command()
def install() -> None:
    """Find PostgreSQL with PostGIS, or install it from the distribution's packages."""
    if get_settings().dsn is None:
        ensure_postgres()


@app.command()
def start() -> None:
    """Start the private server (unless SN7_DSN is set) and prepare the database."""
    dsn()
    status()


@app.command()
def init() -> None:
    """Prepare the database: PostGIS, schemas, roles. Changes nothing where they are there."""
    dsn()
    typer.echo("the database is ready")


@app.command()
def stop(*, force: ForceOption = False) -> None:
    """Stop the private server."""
    stopped = lifecycle.stop(get_settings(), force=force)
    typer.echo("stopped" if stopped else "no private server is running")


@app.command()
def clean(*, force: ForceOption = False) -> None:
    """Stop the server and delete what the project put into the home: database, artefacts, logs."""
    settings = get_settings()
    home = settings.home_location
    if not home.exists():
        typer.echo(f"there is no {home}, so there is nothing to delete")
        return
    left = lifecycle.delete(settings, force=force)
    kept = f"; kept, as the project did not put it there: {', '.join(map(str, left))}"
    typer.echo(f"deleted {home}" if not left else f"cleaned {home}{kept}")


@app.command()
def status() -> None:
    """Say which database the project uses and whether it answers."""
    settings = get_settings()
    if settings.dsn is not None:
        with connect() as connection:
            info = connection.info
            where = f"{info.dbname} at {info.host}:{info.port} as {info.user}"
        typer.echo(f"SN7_DSN is set and answers: {where}")
        return
    known = lifecycle.locate(settings)
    if known is None:
        check_nothing_is_lost(settings.home_location)
        typer.echo(f"no private server was made yet in {settings.home_location}")
    elif known.answers():
        typer.echo(f"private server running in {known.base}: {known.conninfo()}")
    else:
        typer.echo(f"private server in {known.base} is stopped")


@app.command("dsn")
def print_dsn() -> None:
    """Print the libpq connection string, starting the private server if need be."""
    typer.echo(dsn())


@app.command()
def env(role: RoleOption = None) -> None:
    """Print the connection as shell exports: eval "$(python -m warehouse env)"."""
    ours = libpq_environment(role=role)
    if get_settings().dsn is None:
        for name in sorted(set(shut_out_caller()) - ours.keys()):
            typer.echo(f"unset {name}")
    for name, value in ours.items():
        typer.echo(f"export {name}={shlex.quote(value)}")


@app.command("exec", context_settings=PASS_ON)
def execute(context: typer.Context, role: RoleOption = None) -> None:
    """Run a program with libpq's variables set: python -m warehouse exec ogrinfo PG:."""
    if not context.args:
        raise CommandMissingError("expected a program to run, such as `exec ogrinfo PG:`")
    if writes(context.args):
        command = [_program(context.args[0]), *context.args[1:]]
        raise SystemExit(run_build(command, dsn(), program_environment(role=role)))
    if answers(context.args):
        os.environ["DBT_QUIET"] = "1"  # else dbt writes its log beside the answer
    _replace_process(context.args, role)


@app.command(context_settings=PASS_ON)
def psql(context: typer.Context, role: RoleOption = None) -> None:
    """Open psql on the warehouse; further arguments go to psql."""
    _replace_process(["psql", *context.args], role)


@app.command()
def password(
    role: Annotated[Role, typer.Argument(help="A role of the database.")],
    *,
    generate: Annotated[
        bool, typer.Option("--generate", help="Make a password up and print it, this once.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the password and the right to log in.")
    ] = False,
) -> None:
    """Let a role log in with a password, taken from SN7_ROLE_PASSWORD or asked for."""
    if generate and remove:
        raise typer.BadParameter("expected --generate or --remove, not both")
    if remove:
        remove_password(role)
        typer.echo(f"role {role} can no longer log in")
        return
    chosen = generate_password() if generate else _chosen_password(role)
    set_password(role, chosen)
    # The password alone goes to standard output, so that a script can take it from there.
    typer.echo(f"role {role} has its password; {_way_in(role)}", err=True)
    if generate:
        typer.echo(chosen)


@app.command()
def logins() -> None:
    """Give the logins of a deployment the passwords of SN7_PIPELINE_PASSWORD and its like."""
    typer.echo(f"passwords are set of: {', '.join(set_logins(LoginPasswords()))}")


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup's own folder is made.")] = HERE,
) -> None:
    """Write database, models, packages and runs into a new folder, while no run is on."""
    made = write_backup(folder)
    typer.echo(f"{made} holds all of it; bring it back with: sn7 restore {made}")


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="The folder that `backup` made.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Even where the warehouse holds something.")
    ] = False,
) -> None:
    """Bring back what a backup holds, in place of what is there."""
    restore_backup(folder, force=force)
    typer.echo(f"the warehouse is as {folder} has it")


@app.command(context_settings=PASS_ON, add_help_option=False)
def export(context: typer.Context) -> None:
    """Write a map layer as a file: the same as `python -m serving export`."""
    hand_over("serving", ["export", *context.args])


def _chosen_password(role: Role) -> str:
    given = get_settings().role_password
    if given is not None:
        return given.get_secret_value()
    if not sys.stdin.isatty():
        raise PasswordError(
            f"found no password for role {role}: set SN7_ROLE_PASSWORD, add --generate, or run "
            "this at a terminal, which asks for one"
        )
    prompt = f"New password for role {role}"
    return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True, err=True))


def _way_in(role: Role) -> str:
    settings = get_settings()
    with connect() as connection:
        info = connection.info
        host, port, database = info.host, info.port, info.dbname
    if settings.dsn is None:
        known = lifecycle.locate(settings)
        if known is None or not known.listens:
            return "it can log in once the server has a port: stop it, set SN7_PORT, start it again"
        host = "127.0.0.1"
    return f"log in with: psql 'host={host} port={port} dbname={database} user={role}'"


def _replace_process(command: list[str], role: Role | None) -> None:
    program = _program(command[0])
    os.execve(program, command, program_environment(role=role))  # noqa: S606 (handing over is the point)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CommandMissingError(f"{name} is not installed or not on the PATH")
    return found


if __name__ == "__main__":
    run_cli(app)
