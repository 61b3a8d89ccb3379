"""Load what was written, and continue what a cloud that was killed had not finished."""

import contextvars
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ministack.app as ministack_app
from ministack.core.responses import now_iso
from ministack.services import stepfunctions

from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.durability import outbox, tasks, touched
from localcloud.durability.executions import Execution, is_express
from localcloud.durability.journal import Journal
from localcloud.durability.state import State
from localcloud.durability.store import StateStore
from localcloud.process import POLL_SECONDS, is_healthy

# How long endpoints may take to come back before the work continues without them.
_READY_SECONDS = 120.0
# The status of a stack whose operation was interrupted: it can be deployed again.
_INTERRUPTED = {
    "CREATE_IN_PROGRESS": "ROLLBACK_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}


class Recovery:
    """The state of the last run, and what it had not finished.

    Parameters
    ----------
    database : Path
        The file of the state. Release 0.1 saved a JSON file for each service beside it.
    """

    def __init__(self, database: Path) -> None:
        self._folder = database.parent
        self._store = StateStore(database)
        self._state = State(self._store)
        self.journal = Journal(self._store, self._state)

    def install(self, announce: Callable[[int, int], None]) -> None:
        """Have MiniStack load its state from the database, and every change of it written there.

        Parameters
        ----------
        announce : callable
            Gets, when the state is loaded, how many executions were interrupted and how many deliveries were not made.
        """
        tasks.install()
        touched.install()
        if not self._store.is_empty():
            ministack_app.load_state = self._load
        load_all = ministack_app._load_persisted_state

        def load_persisted_state() -> None:
            load_all()
            for execution in self._interrupted():
                stepfunctions._executions.set_scoped(ACCOUNT_ID, REGION, execution["executionArn"], execution)
            self.journal.begin()
            for file in self._folder.glob("*.json"):
                file.unlink()
            announce(len(self._interrupted()), outbox.load(self._store.read(outbox.SERVICE)))

        ministack_app._load_persisted_state = load_persisted_state
        ministack_app.save_all = self.journal.save_all

    def resume(self, port: int, is_ready: Callable[[], bool]) -> None:
        """Continue interrupted executions and deliveries, once the cloud and its endpoints answer.

        Parameters
        ----------
        port : int
            The local cloud's port.
        is_ready : callable
            Whether what is restored in the background is there.
        """

        def wait_and_resume() -> None:
            deadline = time.monotonic() + _READY_SECONDS
            while not (is_healthy(port) and (is_ready() or time.monotonic() > deadline)):
                time.sleep(POLL_SECONDS)
            outbox.resume()
            for execution in self._interrupted():
                if is_express(execution):  # with the whole of its time
                    execution["startDate"] = now_iso()
                run = contextvars.copy_context().run
                arguments = (stepfunctions._run_execution, execution["executionArn"])
                threading.Thread(target=run, args=arguments, daemon=True).start()

        threading.Thread(target=wait_and_resume, name="recovery", daemon=True).start()

    def _load(self, service: str) -> Any:
        state = self._state.load(service)
        if state and service == "cloudformation":
            for stack in state["stacks"]._data.values():
                stack["StackStatus"] = _INTERRUPTED.get(stack["StackStatus"], stack["StackStatus"])
        return state

    def _interrupted(self) -> list[Execution]:
        """Return those that no other one calls again: one that a task had called is part of its caller."""
        found = self._state.executions.interrupted
        running = {execution["executionArn"] for execution in found}
        return [execution for execution in found if execution.get("caller") not in running]
