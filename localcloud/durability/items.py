"""Items of DynamoDB: a unit each, written when MiniStack stores or removes one."""

from ast import literal_eval
from typing import Any

from ministack.services import dynamodb

from localcloud.durability.store import Changes, Unit
from localcloud.durability.values import decode, encode, scope_text

_SERVICE = "dynamodb-items"
_BULK = ("items", "ItemCount", "TableSizeBytes", dynamodb._INDEX_MEMBERS)
_STORES = (
    "tags",
    "ttl_settings",
    "pitr_settings",
    "kinesis_destinations",
    "contributor_insights",
    "backups",
    "resource_policies",
    "exports",
    "imports",
)
Key = tuple[Any, Any]


class Items:
    """The items of every table. Made once: it makes MiniStack report what it changes."""

    def __init__(self) -> None:
        self._known: dict[str, set[Key]] = {}
        self._tables: dict[str, Any] = {}
        self._changed: dict[str, set[Key]] = {}
        set_item, remove_item, replaced = dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced

        def note_set(table: dict[str, Any], *key_and_item: Any) -> Any:
            before = set_item(table, *key_and_item)
            self._note(table, key_and_item[:2])
            return before

        def note_removal(table: dict[str, Any], *key: Any) -> Any:
            before = remove_item(table, *key)
            self._note(table, key)
            return before

        def note_all(table: dict[str, Any]) -> None:
            replaced(table)
            self._tables.pop(_name(table), None)

        dynamodb._set_item, dynamodb._remove_item, dynamodb._items_replaced = note_set, note_removal, note_all

    def load(self, state: dict[str, Any], units: dict[Unit, str]) -> None:
        """Put the items into the tables of a state that `split` was given without them."""
        tables = {scope_text(scope): table for scope, table in state["tables"]._data.items()}
        for table in tables.values():
            table["items"] = {}
        for unit, value in units.items():
            if unit.store in tables:
                partition, sort = literal_eval(unit.key)
                tables[unit.store]["items"].setdefault(partition, {})[sort] = decode(value)
                self._known.setdefault(_name(tables[unit.store]), set()).add((partition, sort))
        for table in tables.values():
            dynamodb._update_counts(table)

    def collect(self, changes: Changes) -> None:
        """Add what has changed since the last call."""
        changed, self._changed = self._changed, {}
        tables = {_name(table): (scope_text(scope), table) for scope, table in list(dynamodb._tables._data.items())}
        for name, (text, table) in tables.items():
            keys = changed.get(name, set())
            if self._tables.get(name) is not table:
                self._tables[name] = table
                keys = keys | self._known.setdefault(name, set())
                keys |= {(pk, sk) for pk, row in list(table["items"].items()) for sk in list(row)}
            for key in keys:
                item = table["items"].get(key[0], {}).get(key[1])
                changes[Unit(_SERVICE, text, repr(key))] = None if item is None else encode(item)
                self._known[name].discard(key) if item is None else self._known[name].add(key)
        for name in self._known.keys() - tables.keys():
            _, _, _, region, account, table_name = name.split(":", 5)
            text = scope_text((account, region, table_name.removeprefix("table/")))
            changes |= {Unit(_SERVICE, text, repr(key)): None for key in self._known.pop(name)}

    def _note(self, table: dict[str, Any], key: Any) -> None:
        self._changed.setdefault(_name(table), set()).add(tuple(key))


def tables_without_items() -> dict[str, Any]:
    """Return the rest of DynamoDB's state, as its `get_state` does."""
    tables = type(dynamodb._tables)()
    for scope, table in list(dynamodb._tables._data.items()):
        tables._data[scope] = {name: value for name, value in table.items() if name not in _BULK}
    return {"tables": tables, **{name: getattr(dynamodb, f"_{name}") for name in _STORES}}


def _name(table: dict[str, Any]) -> str:
    return table["TableArn"]
