"""``python -m orchestration``: the whole chain in one command, and Dagster's UI on it."""

from warehouse.cli import run_cli


def main() -> None:
    """Import what takes seconds, and run it, where an interrupt is answered in one sentence."""
    from orchestration.commands import app  # noqa: PLC0415

    app()


if __name__ == "__main__":
    run_cli(main)
