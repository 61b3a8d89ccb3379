"""Events of CloudWatch Logs: a unit for some hundred of a stream, so that a line more does not write all again."""

from typing import Any

from ministack.services import cloudwatch_logs

from localcloud.durability.store import Changes, Unit
from localcloud.durability.values import decode, encode, scope_text

_SERVICE = "cloudwatch_logs-events"
_CHUNK = 200
_STORES = (
    "destinations",
    "resource_policies",
    "log_group_policies",
    "metric_filters",
    "queries",
    "delivery_sources",
    "delivery_destinations",
    "deliveries",
)


class LogEvents:
    """The events of every stream."""

    def __init__(self) -> None:
        # By group and stream: how many events are written, and the last of them.
        self._known: dict[tuple[str, str], tuple[int, Any]] = {}

    def load(self, state: dict[str, Any], units: dict[Unit, str]) -> None:
        """Put the events into the streams of a state that `split` was given without them."""
        groups = {scope_text(scope): group for scope, group in state["log_groups"]._data.items()}
        for unit, value in sorted(units.items()):
            stream, _ = unit.key.split("\0")
            found = groups.get(unit.store, {}).get("streams", {}).get(stream)
            if found is not None:
                found["events"] += decode(value)
                self._known[unit.store, stream] = (len(found["events"]), found["events"][-1])

    def collect(self, changes: Changes) -> None:
        """Add what has changed since the last call."""
        streams: dict[tuple[str, str], list[Any]] = {}
        for scope, group in list(cloudwatch_logs._log_groups._data.items()):
            text = scope_text(scope)
            streams |= {(text, name): stream["events"] for name, stream in list(group["streams"].items())}
        for name in streams.keys() | self._known.keys():
            events = list(streams.get(name, []))
            count, last = self._known.get(name, (0, None))
            if len(events) == count and (not events or events[-1] is last):
                continue
            # Events are put in order of time: one that came late changes what is before.
            grew = count and len(events) > count and events[count - 1] is last
            for start in range(count - count % _CHUNK if grew else 0, max(len(events), count), _CHUNK):
                chunk = events[start : start + _CHUNK]
                changes[Unit(_SERVICE, name[0], f"{name[1]}\0{start:09}")] = encode(chunk) if chunk else None
            if events:
                self._known[name] = (len(events), events[-1])
            else:
                self._known.pop(name, None)


def groups_without_events() -> dict[str, Any]:
    """Return the rest of the state of CloudWatch Logs, as its `get_state` does."""
    groups = type(cloudwatch_logs._log_groups)()
    for scope, group in list(cloudwatch_logs._log_groups._data.items()):
        streams = {name: {**stream, "events": []} for name, stream in list(group["streams"].items())}
        groups._data[scope] = {**group, "streams": streams}
    return {"log_groups": groups, **{name: getattr(cloudwatch_logs, f"_{name}") for name in _STORES}}
