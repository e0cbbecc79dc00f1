"""Settings of the warehouse, read from the environment at the time of the call."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from warehouse.connection.errors import SettingsError
from warehouse.connection.home import FOLDERS, claim

PROJECT_ROOT = Path(__file__).resolve().parents[2]


def is_checkout() -> bool:
    """Tell whether this code lies in the project's folder, and not among installed packages."""
    return (PROJECT_ROOT / "pyproject.toml").is_file()


def default_home() -> Path:
    """Return ``.warehouse`` in a checkout, else a folder of the user's data (XDG)."""
    if is_checkout():
        return Path(".warehouse")
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "sn7-warehouse"


class Settings(BaseSettings):
    """Where the database is and where the project keeps its files.

    Attributes:
        dsn: ``SN7_DSN``: a libpq connection string of a PostgreSQL with PostGIS. Empty means the
            private server in ``home``.
        home: ``SN7_HOME``: the folder of the private server, artefacts, logs and generated data.
            A relative path counts from the project's root, so it does not depend on the current
            folder; where the project is installed as a package, from the current folder.
        port: ``SN7_PORT``: the private server also listens on this port of 127.0.0.1, with a
            password; without it there is only the socket.
        role_password: ``SN7_ROLE_PASSWORD``: what ``python -m warehouse password`` gives a role.
        inbox: ``SN7_INBOX``: a folder or a bucket (``s3://``, ``az://``, ``gs://``) in which
            sources arrive.
        inbox_settle_seconds: ``SN7_INBOX_SETTLE_SECONDS``: how long nobody must have written to
            what lies there before it is taken.
    """

    model_config = SettingsConfigDict(env_prefix="SN7_", env_ignore_empty=True, frozen=True)

    dsn: str | None = None
    home: Path = Field(default_factory=default_home)
    port: Annotated[int, Field(ge=1024, le=65535)] | None = None
    role_password: SecretStr | None = None
    inbox: str | None = None
    inbox_settle_seconds: Annotated[float, Field(ge=0, le=86_400)] = 10.0

    def folder(self, name: str) -> Path:
        """Return the folder ``name`` (of ``home.FOLDERS``) below ``home``, made if need be.

        Raises:
            SettingsError: ``home`` cannot be made, or holds files and is no home of this project.
        """
        if name not in FOLDERS:
            raise ValueError(f"{name} does not stand in warehouse.connection.home.FOLDERS")
        path = self.home_path / name
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"the folder {path} cannot be made ({error.strerror}); let this user write to the "
                "home, or run first what fills it, such as `make run`"
            ) from error
        return path

    @property
    def home_location(self) -> Path:
        """``home`` as an absolute path, whether it is there or not."""
        base = PROJECT_ROOT if is_checkout() else Path.cwd()
        return (base / self.home.expanduser()).resolve()

    @property
    def home_path(self) -> Path:
        """``home`` as an absolute path, made and marked if it is not there.

        Raises:
            SettingsError: As ``folder`` does.
        """
        return claim(self.home_location)

    @property
    def data(self) -> Path:
        """Generated and fetched data sets."""
        return self.folder("data")

    @property
    def artifacts(self) -> Path:
        """Files that a run leaves for people: plots, exports, summaries."""
        return self.folder("artifacts")

    @property
    def logs(self) -> Path:
        """Logs of the tools that a run drives."""
        return self.folder("logs")

    @property
    def dagster(self) -> Path:
        """``DAGSTER_HOME``."""
        return self.folder("dagster")

    @property
    def mlflow(self) -> Path:
        """Root of MLflow's artefacts."""
        return self.folder("mlflow")

    @property
    def bentoml(self) -> Path:
        """``BENTOML_HOME``."""
        return self.folder("bentoml")


def get_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A variable holds a value of the wrong kind.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = f"SN7_{str(first['loc'][0]).upper()}"
        message = f"{name} is {first['input']!r}: {first['msg']}. Set it right or unset it."
        raise SettingsError(message) from error
