"""A client that asks the service all the time, and keeps what it was answered."""

import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Final

_PAUSE_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was not answered with 200.

    Attributes:
        at: Seconds since 1970, when it was sent.
        ended: When it was given up or answered.
        reason: The status or the error.
    """

    at: float
    ended: float
    reason: str


@dataclass
class Client:
    """Asks for the forecast of one chip after the other, in a thread of its own.

    Attributes:
        address: Of the service.
        chips: Names of chips.
        asked: Requests so far.
        failures: Those that failed.
        versions: Model versions that answered.
    """

    address: str
    chips: list[str]
    asked: int = 0
    failures: list[Failure] = field(default_factory=list)
    versions: set[str] = field(default_factory=set)
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._thread = threading.Thread(target=self._ask_on, name="client", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE_SECONDS)

    def is_answered(self) -> bool:
        """Tell whether the service is up; such a question is not counted."""
        try:
            self._ask(self.chips[0])
        except (OSError, ValueError):
            return False
        return True

    def unexcused(self, excuses: list[tuple[float, float]]) -> list[Failure]:
        """Return the failures that do not touch a span in which the database was away."""
        return [
            one
            for one in self.failures
            if not any(one.at <= end and one.ended >= begin for begin, end in excuses)
        ]

    def _ask_on(self) -> None:
        while not self._over.wait(_PAUSE_SECONDS):
            chip = self.chips[self.asked % len(self.chips)]
            self.asked += 1
            begin = time.time()
            try:
                self._ask(chip)
            except urllib.error.HTTPError as error:
                self.failures.append(Failure(begin, time.time(), f"status {error.code}"))
                error.close()
            except (OSError, ValueError) as error:
                self.failures.append(Failure(begin, time.time(), str(error)))

    def _ask(self, chip: str) -> None:
        request = urllib.request.Request(  # noqa: S310 (http on loopback)
            f"{self.address}/forecast",
            data=json.dumps({"chip_id": chip}).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            self.versions.add(str(json.load(answer).get("model_version")))
