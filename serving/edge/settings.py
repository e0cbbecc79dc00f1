"""Settings of the service, read from the environment when it starts; none has to be set."""

import ipaddress
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from warehouse.connection.errors import SettingsError


class ServiceSettings(BaseSettings):
    """What the service guards itself with, and its sizes; variables begin with ``SN7_SERVICE_``.

    Attributes:
        api_key: Header ``X-API-Key`` must hold it; without it nobody is asked for a key.
        cors_origins: Origins, separated by commas, whose pages may read answers; none by default.
        rate_limit: Requests per minute and client address; without it there is no limit.
        max_body: Largest body of a request, bytes.
        pool_size: Connections to the warehouse at once.
        drain_seconds: How long the process still accepts requests after SIGTERM, so that whoever
            spreads them sees ``/readyz`` say no.
        follow_seconds: How often it looks for a newer champion in the store of packages.
    """

    model_config = SettingsConfigDict(env_prefix="SN7_SERVICE_", env_ignore_empty=True, frozen=True)

    api_key: SecretStr | None = None
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    rate_limit: Annotated[int, Field(ge=1)] | None = None
    max_body: Annotated[int, Field(ge=1024)] = 8 * 1024 * 1024
    pool_size: Annotated[int, Field(ge=1, le=20)] = 4
    drain_seconds: Annotated[float, Field(ge=0, le=600)] = 2
    follow_seconds: Annotated[float, Field(gt=0)] = 5

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value


def service_settings() -> ServiceSettings:
    """Read the settings from the environment.

    Raises:
        SettingsError: A variable holds a value that it cannot hold.
    """
    try:
        return ServiceSettings()
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        name = f"SN7_SERVICE_{str(first['loc'][0]).upper()}"
        raise SettingsError(f"{name}: {first['msg']}. Set it right or unset it.") from error


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
