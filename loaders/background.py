"""Threads beside the caller's: one that writes to the database, others that read ahead."""

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Generic, ParamSpec, Self, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Item = TypeVar("Item")

ITEMS_AHEAD: Final = 3
_SECONDS_BETWEEN_LOOKS: Final = 0.2
JOBS_AHEAD: Final = 8
"""A chip's rows, at once, take as long as the polygons of several batches."""


class Background:
    """Runs jobs one after the other; the first failure is raised in the caller's thread."""

    def __init__(self) -> None:
        """Start the thread with the first job."""
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="writer")
        self._room = threading.BoundedSemaphore(JOBS_AHEAD)
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Wait for the job at work; after an error, drop those that wait."""
        self._thread.shutdown(wait=True, cancel_futures=error is not None)
        if error is None:
            self._raise_failure()

    def put(
        self,
        job: Callable[Parameters, object],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> None:
        """Leave a job to the thread; wait while too many wait already."""
        self._room.acquire()
        self._raise_failure()
        self._thread.submit(job, *args, **kwargs).add_done_callback(self._done)

    def start(
        self,
        job: Callable[Parameters, Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Run a job after those that wait; its result is for the caller to await."""
        self._raise_failure()
        return self._thread.submit(job, *args, **kwargs)

    def call(
        self,
        job: Callable[Parameters, Result],
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Result:
        """Run a job after those that wait and return its result."""
        result = self.start(job, *args, **kwargs).result()
        self._raise_failure()
        return result

    def _done(self, job: Future[object]) -> None:
        if not job.cancelled() and self._failure is None:
            self._failure = job.exception()
        self._room.release()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure


@contextmanager
def read_ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Let a thread produce the items while the caller works on those before."""
    ahead: _Ahead[Item] = _Ahead(queue.Queue(ITEMS_AHEAD), threading.Event())
    thread = threading.Thread(target=ahead.produce, args=(items,), name="reader", daemon=True)
    thread.start()
    try:
        yield ahead.consume()
    finally:
        ahead.stop.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class _Ahead(Generic[Item]):
    """Items on their way from a thread to another; None ends them, an exception breaks them."""

    items: "queue.Queue[Item | BaseException | None]"
    stop: threading.Event

    def produce(self, items: Iterator[Item]) -> None:
        try:
            for item in items:
                if not self._put(item):
                    return
            self._put(None)
        except BaseException as error:  # noqa: BLE001 (raised where the items are awaited)
            self._put(error)

    def consume(self) -> Iterator[Item]:
        while (item := self.items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def _put(self, item: Item | BaseException | None) -> bool:
        while not self.stop.is_set():
            try:
                self.items.put(item, timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Full:
                continue
            return True
        return False
