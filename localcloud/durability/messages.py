"""Messages of SQS: a unit each, written when one is sent, received, moved or deleted."""

from typing import Any

from ministack.services import sqs

from localcloud.durability.store import Changes, Unit
from localcloud.durability.values import decode, encode, scope_text

_SERVICE = "sqs-messages"


class Messages:
    """The messages of every queue."""

    def __init__(self) -> None:
        # By queue and message, what changes in a message.
        self._known: dict[str, dict[str, tuple[float, int]]] = {}

    def load(self, state: dict[str, Any], units: dict[Unit, str]) -> None:
        """Put the messages into the queues of a state that `split` was given without them."""
        queues = {scope_text(scope): queue for scope, queue in state["queues"]._data.items()}
        for unit, value in units.items():
            if unit.store in queues:
                message = decode(value)
                queues[unit.store]["messages"].append(message)
                self._known.setdefault(unit.store, {})[unit.key] = _mutable(message)

    def collect(self, changes: Changes) -> None:
        """Add what has changed since the last call."""
        queues = {scope_text(scope): queue for scope, queue in list(sqs._queues._data.items())}
        for text in queues.keys() | self._known.keys():
            messages = {message["id"]: message for message in list(queues[text]["messages"])} if text in queues else {}
            before, now = self._known.get(text, {}), {name: _mutable(message) for name, message in messages.items()}
            if before != now:
                self._known[text] = now
                changes |= {Unit(_SERVICE, text, name): None for name in before.keys() - now.keys()}
                changes |= {
                    Unit(_SERVICE, text, name): encode(messages[name])
                    for name, mutable in now.items()
                    if before.get(name) != mutable
                }


def queues_without_messages() -> dict[str, Any]:
    """Return the rest of SQS's state, as its `get_state` does."""
    queues = type(sqs._queues)()
    for scope, queue in list(sqs._queues._data.items()):
        queues._data[scope] = {**queue, "messages": []}
    return {"queues": queues, "queue_name_to_url": sqs._queue_name_to_url}


def _mutable(message: dict[str, Any]) -> tuple[float, int]:
    return message["visible_at"], message["receive_count"]
