"""Alerts: what a person has to know, sent wherever the settings say, and always to the log."""

import json
import logging
import os
import smtplib
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import dagster as dg

from warehouse.connection.settings import get_settings

logger = logging.getLogger(__name__)

WEBHOOK: Final = "SN7_ALERT_WEBHOOK"
MAIL: Final = "SN7_ALERT_MAIL"

_PATIENCE_SECONDS: Final = 10


class Urgency(StrEnum):
    """Whether somebody has to act."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person has to know.

    Attributes:
        urgency: Whether somebody has to act.
        subject: In a few words.
        text: What happened and what to do.
        run_id: Of Dagster.
    """

    urgency: Urgency
    subject: str
    text: str
    run_id: str = ""


class Alerts(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster takes it bare only
    """Sends alerts; each way that fails is named in the log and holds up no other.

    Attributes:
        webhook: An http(s) address that takes JSON with ``text``, as chat programs do.
        mail: ``smtp://user:password@host:port?from=ADDRESS&to=ADDRESS``; ``smtps`` for TLS.
    """

    webhook: str | None = None
    mail: str | None = None

    def send(self, alert: Alert) -> list[str]:
        """Send an alert every way that is set, and return the ways that took it."""
        told = []
        for name, way, target in (
            ("log", _write, str(get_settings().logs / "alerts.jsonl")),
            ("webhook", _post, self.webhook),
            ("mail", _mail, self.mail),
        ):
            if target is None:
                continue
            try:
                way(target, alert)
            except (OSError, smtplib.SMTPException, urllib.error.URLError, ValueError) as error:
                logger.warning("the alert %r did not go out by %s: %s", alert.subject, name, error)
            else:
                told.append(name)
        return told


def alerts_of_environment() -> Alerts:
    """Return alerts as ``SN7_ALERT_WEBHOOK`` and ``SN7_ALERT_MAIL`` say."""
    return Alerts(webhook=os.environ.get(WEBHOOK) or None, mail=os.environ.get(MAIL) or None)


def _write(path: str, alert: Alert) -> None:
    line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **asdict(alert)}
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _post(address: str, alert: Alert) -> None:
    if urlsplit(address).scheme not in {"http", "https"}:
        raise ValueError(f"{WEBHOOK} is no http or https address")
    body = {**asdict(alert), "text": f"{alert.urgency}: {alert.subject}\n{alert.text}"}
    request = urllib.request.Request(  # noqa: S310 (the scheme is looked at above)
        address,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS):  # noqa: S310
        pass


def _mail(address: str, alert: Alert) -> None:
    parts = urlsplit(address)
    given = parse_qs(parts.query)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or "to" not in given:
        raise ValueError(f"{MAIL} is no smtp://host:port?from=...&to=...")
    message = EmailMessage()
    message["Subject"] = f"[sn7] {alert.urgency}: {alert.subject}"
    message["From"] = given.get("from", ["sn7@localhost"])[0]
    message["To"] = ", ".join(given["to"])
    message.set_content(f"{alert.text}\n\nRun: {alert.run_id or 'none'}\n")
    sender = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    with sender(parts.hostname, parts.port or 0, timeout=_PATIENCE_SECONDS) as server:
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
