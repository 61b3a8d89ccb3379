"""Send no answer before the changes of its request are on disk."""

import asyncio
import base64
import json
import logging
import sqlite3
import time
from contextlib import suppress
from typing import Any

from hypercorn.typing import ASGIFramework, ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
from ministack.services import cloudformation

from localcloud.durability import touched
from localcloud.durability.state import State
from localcloud.durability.store import Changes, StateStore
from localcloud.durability.tasks import ANSWERED, HEADER, execution_of

logger = logging.getLogger("localcloud")

_SWEEP_SECONDS = 1.0
# Pause after a sweep, as a multiple of its duration.
_REST = 20


class Journal:
    """Writes what changes, for all requests that wait for it together.

    Parameters
    ----------
    store : StateStore
        Where it is written.
    state : State
        What is written.
    """

    def __init__(self, store: StateStore, state: State) -> None:
        self._store = store
        self._state = state
        self._answers = state.load_answers()
        self._touched: set[str] = set()
        self._unwritten: Changes = {}
        self._waiting: list[asyncio.Future[None]] = []
        self._writing: asyncio.Task[None] | None = None
        self._deploying = False
        self._loaded = False
        self._requests = 0

    def durable(self, application: ASGIFramework) -> ASGIFramework:
        """Return an application whose answers wait until what they say is written.

        Parameters
        ----------
        application : callable
            MiniStack's ASGI application.

        Returns
        -------
        callable
            An ASGI application.
        """

        async def serve(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
            if scope["type"] != "http":
                await application(scope, receive, send)
                return
            self._requests += 1
            task = next((value.decode() for name, value in scope["headers"] if name.lower() == HEADER.encode()), None)
            if task and (answer := self._answers.pop(task, None)):
                await _send_again(answer, send)
                return
            ANSWERED.set(task)
            touched.found.set(None)
            reads = scope["method"] in ("GET", "HEAD")
            await application(scope, receive, self._holding(task, send, reads=reads))

        return serve

    def begin(self) -> None:
        """Write everything that was loaded, and from now on what changes; what is not loaded must not be written."""
        self._loaded = True
        self.save_all()

    def save_all(self, _: Any = None) -> None:
        """Write everything at once, before the cloud stops."""
        if not self._loaded:
            return
        self._store.write(self._unwritten | self._state.collect(set(), all_services=True))

    async def sweep(self) -> None:
        """Write now and then what changes without a request, as long as there are requests."""
        seen = -1
        while True:
            begun = time.monotonic()
            if self._loaded and (self._requests != seen or self._deploying):
                seen = self._requests
                with suppress(sqlite3.Error):  # logged; whoever waits for it is told
                    await self._write({touched.EVERYTHING} if self._deploying else touched.BACKGROUND)
            # Much state takes long to look through: requests have most of the time.
            await asyncio.sleep(max(_SWEEP_SECONDS, _REST * (time.monotonic() - begun)))

    def _holding(self, task: str | None, send: ASGISendCallable, *, reads: bool) -> ASGISendCallable:
        held: list[ASGISendEvent] = []
        sent = False

        async def hold(message: ASGISendEvent) -> None:
            nonlocal sent
            if not sent:
                held.append(message)
                if message["type"] == "http.response.start" or (task and message.get("more_body")):
                    return
                if task:
                    self._state.add_answer(execution_of(task), task, _as_text(held))
                services = touched.found.get() or (touched.READ if reads else set())
                if services is touched.STACKS_READ:
                    services = {touched.EVERYTHING} if self._deploying else touched.READ
                if task or services is not touched.READ:
                    await self._write(services - touched.READ)
                sent = True
                for event in held:
                    await send(event)
            else:
                await send(message)

        return hold

    async def _write(self, services: set[str]) -> None:
        """Return when all that has changed so far is written."""
        self._touched |= services
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, []
            services, self._touched = self._touched, set()
            # A deployment changes everything, behind the requests that ask how far it is.
            everything = touched.EVERYTHING in services
            if everything:
                self._deploying = _is_deploying()
            # Here, on the event loop, no request of a service is half done.
            self._unwritten |= self._state.collect(services, all_services=everything)
            error: Exception | None = None
            try:
                if self._unwritten:
                    await asyncio.to_thread(self._store.write, self._unwritten)
                self._unwritten = {}
            except sqlite3.Error as failure:  # such as a disk that is full: the next request tries again
                logger.exception("The state was not written")
                error = failure
            for future in waiting:
                if not future.done():
                    future.set_exception(error) if error else future.set_result(None)


def _is_deploying() -> bool:
    statuses = {stack.get("StackStatus", "") for stack in list(cloudformation._stacks._data.values())}
    # One that waits for its first change set is not being deployed.
    return any(status.endswith("_IN_PROGRESS") for status in statuses - {"REVIEW_IN_PROGRESS"})


def _as_text(events: list[Any]) -> str:
    start, *bodies = events
    headers = [(bytes(name).decode("latin-1"), bytes(value).decode("latin-1")) for name, value in start["headers"]]
    body = b"".join(event.get("body", b"") for event in bodies)
    return json.dumps([start["status"], headers, base64.b64encode(body).decode()])


async def _send_again(answer: str, send: ASGISendCallable) -> None:
    status, headers, body = json.loads(answer)
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": base64.b64decode(body), "more_body": False})
