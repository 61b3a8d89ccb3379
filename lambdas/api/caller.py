"""Tells callers apart."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from signpost.errors import RequestError


def owner_of(context: Mapping[str, Any], clients: Sequence[str]) -> str:
    """Name a caller, as the owner of what was asked.

    Parameters
    ----------
    context : mapping
        API Gateway's ``requestContext``, after it has checked the signature or the token.
    clients : sequence of str
        Clients of the user pool whose tokens are taken: API Gateway checks a token's issuer, and not for whom it was
        made.

    Returns
    -------
    str
        32 hexadecimal digits, so that no name of a person is kept.

    Raises
    ------
    RequestError
        ``access_denied`` for a token that was made for another client, and for a request whose signer API Gateway does
        not name.
    """
    claims = (context.get("authorizer") or {}).get("claims")
    if claims:
        # An access token names its client, an ID token its audience.
        if (claims.get("client_id") or claims.get("aud")) not in clients:
            raise RequestError("access_denied", "The token was made for another application.")
        who = f"cognito {claims['sub']}"
    else:
        identity = context["identity"]
        # Of one identity pool, all have the same role.
        who = f"iam {identity.get('cognitoIdentityId') or _signer(identity)}"
    return hashlib.sha256(who.encode()).hexdigest()[:32]


def _signer(identity: Mapping[str, Any]) -> str:
    caller = identity.get("caller") or ""
    # `AROA…:<session>`: who assumes a role chooses the session's name, and SDKs take a new one whenever they do.
    if caller.startswith("AROA"):
        return caller.partition(":")[0]
    signer = caller or identity.get("userArn")
    if not signer:
        raise RequestError("access_denied", "The request has no signer: sign it, with credentials of this account.")
    return signer
