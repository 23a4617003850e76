"""Work off the event loop: thread workers in groups, of which only the newest answer counts. Workers post messages, nothing else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from ..domain.errors import BedrotError
from .messages import Failed

WORKER = "bedrot-worker"
"""The name of every thread that works for the console."""
Work = Callable[[], Message | None]


class DaemonExecutor(ThreadPoolExecutor):
    """One daemon thread per work, never waited for: leaving the console does not hang on a slow query."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # as in every executor: it is raised where the result is asked for
                future.set_exception(error)

        threading.Thread(target=run, name=WORKER, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait=False, cancel_futures=cancel_futures)


class Fetcher:
    """Mixed into views and the app. One group does one thing at a time; while it does, only the newest wish is kept.

    A wish that was overtaken is never begun, and an answer that was overtaken is never posted. With `keep` every work is done, in order.
    """

    def fetch(self, group: str, work: Work, *, keep: bool = False) -> None:
        lock, queues = self._shelf()
        with lock:
            queue = queues.get(group)
            if queue is not None:
                if not keep:
                    queue.wanted.clear()
                queue.wanted.append(work)
                queue.dropped = not keep
            else:
                queues[group] = fresh = _Queue([work])
        if queue is not None:
            if not keep and queue.thread is not None:
                self.overtaken(queue.thread)
            return

        def run() -> None:
            fresh.thread = threading.get_ident()
            while True:
                with lock:
                    if not fresh.wanted:
                        del queues[group]
                        return
                    job = fresh.wanted.pop(0)
                    fresh.dropped = False
                message = attempt(group, job)
                with lock:
                    dropped = fresh.dropped
                if message is not None and not dropped:
                    self.post_message(message)  # type: ignore[attr-defined]

        self.run_worker(run, group=group, thread=True, exit_on_error=False)  # type: ignore[attr-defined]

    def drop_fetch(self, group: str) -> None:
        """Nobody wants the group's answer any more."""
        lock, queues = self._shelf()
        with lock:
            queue = queues.get(group)
            if queue is None:
                return
            queue.wanted.clear()
            queue.dropped = True
            thread = queue.thread
        if thread is not None:
            self.overtaken(thread)

    def overtaken(self, thread: int) -> None:
        """What this thread asks for is not wanted any more: a place that can break it off does so here."""

    def _busy(self, group: str) -> bool:
        return group in self._shelf()[1]

    def _shelf(self) -> tuple[threading.Lock, dict[str, _Queue]]:
        if "_fetch_shelf" not in self.__dict__:
            self.__dict__["_fetch_shelf"] = (threading.Lock(), {})
        return self.__dict__["_fetch_shelf"]


@dataclass
class _Queue:
    """What one group is to do, the thread that does it, and whether the answer it works on was overtaken."""

    wanted: list[Work]
    thread: int | None = None
    dropped: bool = False


def attempt(group: str, work: Work) -> Message | None:
    """The border of every worker: whatever goes wrong becomes a message. An unexpected error shows its kind, not its text."""
    try:
        return work()
    except BedrotError as error:
        return Failed(group, str(error), error.hint)
    except Exception as error:  # border: the worker
        return Failed(group, f"internal error ({type(error).__name__}) while loading {group}", "bedrot doctor")
