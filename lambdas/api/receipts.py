"""Whose picture it is, and what was sent: written into the decision's item before the machine claims it."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from signpost.errors import RequestError

# The machine's claim makes it 90 days; an item that none claims is of no use to anybody.
_KEEP_SECONDS = 24 * 3600
# Any fixed UUID serves.
_KEYS = uuid.UUID("0f6f2f3e-7f3b-5d0e-8a57-9c1d2b7e4a10")
_LONGEST_KEY = 255


@dataclass(frozen=True)
class Receipts:
    """The table of decisions, as the API uses it.

    Parameters
    ----------
    dynamodb : botocore.client.DynamoDB
        The client.
    table : str
        Name of the table.
    """

    dynamodb: Any
    table: str

    def write(self, decision_id: str, owner: str, fingerprint: str) -> str | None:
        """Write down whose picture it is, unless that is done.

        Parameters
        ----------
        decision_id : str
            Id of its decision.
        owner : str
            See `lambdas.api.caller.owner_of`.
        fingerprint : str
            Of what was asked.

        Returns
        -------
        str or None
            The decision as JSON, where there is one.

        Raises
        ------
        RequestError
            ``idempotency_conflict`` if something else was asked under this id.
        """
        item = {"decision_id": decision_id, "owner": owner, "fingerprint": fingerprint}
        expires = {"expires_at": {"N": str(int(time.time()) + _KEEP_SECONDS)}}
        try:
            self.dynamodb.put_item(
                TableName=self.table,
                Item={name: {"S": value} for name, value in item.items()} | expires,
                ConditionExpression="attribute_not_exists(decision_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except self.dynamodb.exceptions.ConditionalCheckFailedException as error:
            return _decided(error, item)
        return None

    def find(self, decision_id: str, owner: str) -> dict[str, str] | None:
        """Return a decision's item, numbers as text; None where it is nobody's or another's."""
        key = {"decision_id": {"S": decision_id}}
        item = self.dynamodb.get_item(TableName=self.table, Key=key, ConsistentRead=True).get("Item", {})
        texts = {name: text for name, value in item.items() for text in value.values()}
        return texts if texts.get("owner") == owner else None


def _decided(error: ClientError, asked: dict[str, str]) -> str | None:
    found = error.response.get("Item", {})
    if any(found.get(name, {}).get("S") != asked[name] for name in ("owner", "fingerprint")):
        raise RequestError(
            "idempotency_conflict",
            "Another picture, or another classifier, was asked with this Idempotency-Key. Use a new one.",
            asked["decision_id"],
        ) from error
    return found["decision"]["S"] if "decision" in found else None


def name_decision(owner: str, idempotency_key: str | None) -> str:
    """Name a decision that is yet to be made.

    Parameters
    ----------
    owner : str
        Whose it will be.
    idempotency_key : str or None
        What the caller calls the request; the same name gives the same decision.

    Returns
    -------
    str
        A UUID.

    Raises
    ------
    RequestError
        ``invalid_idempotency_key``.
    """
    if idempotency_key is None:
        return str(uuid.uuid4())
    if not (idempotency_key.isascii() and idempotency_key.isprintable() and 1 <= len(idempotency_key) <= _LONGEST_KEY):
        raise RequestError(
            "invalid_idempotency_key", f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable ASCII characters."
        )
    return str(uuid.uuid5(_KEYS, f"{owner}/{idempotency_key}"))
