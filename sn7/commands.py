"""Which command of ``sn7`` is which command of which folder; what a command does belongs there."""

import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final


class Panel(StrEnum):
    """Headings of ``sn7 --help``."""

    CHAIN = "The whole chain"
    DATA = "Data"
    FORECAST = "Forecast"
    SERVICE = "What is handed out"
    DATABASE = "Database"


class Extra(StrEnum):
    """Extras of the package, of which a command needs one."""

    NONE = ""
    LOAD = "load"
    SERVING = "serving"
    PIPELINE = "pipeline"


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``sn7``.

    Attributes:
        name: Its name here.
        panel: Under which heading help lists it.
        module: Where its typer app ``app`` is.
        extra: The extra of the package that it needs.
        help: The first line of its help.
        command: Its name there, where it differs.
        given: Arguments that go before the user's.
    """

    name: str
    panel: Panel
    module: str
    extra: Extra
    help: str
    command: str | None = None
    given: tuple[str, ...] = ()

    @property
    def target(self) -> str:
        """Its name in the folder's own command line."""
        return self.command or self.name


_LOADERS: Final = (Panel.DATA, "loaders.__main__", Extra.LOAD)
_SYNTHETIC: Final = (Panel.DATA, "synthetic.__main__", Extra.LOAD)
_ML: Final = (Panel.FORECAST, "ml.__main__", Extra.PIPELINE)
_CHAIN: Final = (Panel.CHAIN, "orchestration.commands", Extra.PIPELINE)
_WAREHOUSE: Final = (Panel.DATABASE, "warehouse.__main__", Extra.NONE)
_DBT: Final = ("--", str(Path(sys.executable).with_name("dbt")))

COMMANDS: Final = (
    Command("run", *_CHAIN, "Run everything: source data, raw tables, star schema, model, "
            "forecast, service package."),
    Command("simulate", *_CHAIN, "Play a year in minutes, in a home of its own, and compare its "
            "tables with one build."),
    Command("ui", *_CHAIN, "Open Dagster's UI on the graph and on every run so far."),
    Command("dagster", *_CHAIN,
            "Run a program of Dagster's on this instance: sn7 dagster dagster-daemon run", "exec"),
    Command("dbt", Panel.CHAIN, "warehouse.__main__", Extra.PIPELINE,
            "Run dbt on the warehouse: sn7 dbt build --select dim_chip+", "exec", _DBT),
    Command("load", *_LOADERS, "Load a source into schema raw; loading it again changes nothing."),
    Command("predictions", *_LOADERS, "Load what a tracker predicts, beside the truth; score it "
            "with `python -m scoring`."),
    Command("sources", *_LOADERS,
            "List the sources and trackers of the warehouse: images, rows, last load."),
    Command("forget", *_LOADERS,
            "Take out a source with its images and masks; images that another source has stay."),
    Command("aoi", *_LOADERS,
            "Load areas of interest of your own; they take the place of the derived ones."),
    Command("fetch", *_LOADERS, "Fetch the public archive of the labels (496 MB) and unpack it; "
            "resumes where it stopped."),
    Command("synthesize", *_SYNTHETIC,
            "Write a synthetic data set of SpaceNet 7's form, with the truth beside it."),
    Command("figures", *_SYNTHETIC,
            "Set the figures of a data set beside those of the real data; exit 1 if one is "
            "missed."),
    Command("disturb", *_SYNTHETIC,
            "Write what a tracker of buildings would predict: the labels, disturbed.",
            "predictions"),
    Command("lives", *_SYNTHETIC,
            "Judge how well the warehouse tells the lives of buildings that were generated."),
    Command("train", *_ML, "Train on the feature tables, judge by backtest, let the gate decide "
            "on the champions."),
    Command("forecast", *_ML,
            "Write forecasts from every chip's last as-of month, of the chip and of its cells."),
    Command("predict", *_ML,
            "Forecast places from their histories alone, with the champion; no table of them is "
            "needed."),
    Command("rollback", *_ML, "Put the champion's predecessor back in use and forecast with it: "
            "of chips, or of cells."),
    Command("replay", *_ML,
            "Make a run's model again from what the run kept, and compare the files byte by byte."),
    Command("mlflow", *_ML,
            "Open MLflow's pages of runs and models on this machine; Ctrl-C stops them.", "ui"),
    Command("score", Panel.FORECAST, "scoring.__main__", Extra.LOAD,
            "Score a tracker by SCOT: one of the warehouse, which keeps it, or two CSVs."),
    Command("package", Panel.SERVICE, "serving.__main__", Extra.PIPELINE,
            "Package the champion with the code that serves it.", "build"),
    Command("serve", Panel.SERVICE, "serving.__main__", Extra.SERVING,
            "Start the service of the package that was built last; Ctrl-C stops it."),
    Command("export", Panel.SERVICE, "serving.__main__", Extra.PIPELINE,
            "Write map layers as GeoPackage, GeoJSON or GeoParquet; without --out, in artifacts/."),
    Command("psql", *_WAREHOUSE, "Open psql on the warehouse; further arguments go to psql."),
    Command("status", *_WAREHOUSE, "Say which database the project uses and whether it answers."),
    Command("init", *_WAREHOUSE, "Prepare the database: PostGIS, schemas, roles. Changes nothing "
            "where they are there."),
    Command("password", *_WAREHOUSE,
            "Let a role log in with a password, taken from SN7_ROLE_PASSWORD or asked for."),
    Command("logins", *_WAREHOUSE, "Give the logins of a deployment the passwords of "
            "SN7_PIPELINE_PASSWORD and its like."),
    Command("backup", *_WAREHOUSE,
            "Write database, models, packages and runs into a new folder, while no run is on."),
    Command("restore", *_WAREHOUSE, "Bring back what a backup holds, in place of what is there."),
    Command("exec", *_WAREHOUSE,
            "Run a program with libpq's variables set: python -m warehouse exec ogrinfo PG:."),
    Command("env", *_WAREHOUSE,
            'Print the connection as shell exports: eval "$(python -m warehouse env)".'),
    Command("dsn", *_WAREHOUSE,
            "Print the libpq connection string, starting the private server if need be."),
    Command("install", *_WAREHOUSE,
            "Find PostgreSQL with PostGIS, or install it from the distribution's packages."),
    Command("start", *_WAREHOUSE,
            "Start the private server (unless SN7_DSN is set) and prepare the database."),
    Command("stop", *_WAREHOUSE, "Stop the private server."),
    Command("clean", *_WAREHOUSE, "Stop the server and delete what the project put into the home: "
            "database, artefacts, logs."),
)  # fmt: skip
"""In the order of ``sn7 --help``."""
