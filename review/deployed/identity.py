"""Asks a user pool who a person is: OpenID Connect's authorisation code flow with PKCE."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.request
from typing import Any
from urllib.parse import urlencode

import jwt

from review.deployed.sessions import Attempt
from review.people import Visitor
from signpost.errors import SignpostError
from signpost.settings.lambda_config import IdentityProvider

# Groups of the pool.
REVIEWER, VIEWER = "reviewer", "viewer"
_PATIENCE_SECONDS = 5
_NAMED = ["exp", "iat", "iss", "aud", "sub"]


class SignInFailed(SignpostError):
    """The provider's answer proves nothing."""


class Identity:
    """The provider, as the page asks it.

    Parameters
    ----------
    provider : IdentityProvider
    address : str
        Of the page.
    """

    def __init__(self, provider: IdentityProvider, address: str) -> None:
        self._provider, self._address = provider, address
        self._keys = jwt.PyJWKClient(provider.keys_url, timeout=_PATIENCE_SECONDS)

    def question(self, attempt: Attempt) -> str:
        """Make the address that a person signs in at."""
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._way_back,
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self._provider.authorize_url}?{urlencode(asked)}"

    def goodbye(self) -> str:
        """Make the address at which the provider ends its own session."""
        asked = {"client_id": self._provider.client_id, "logout_uri": f"{self._address}/signed-out"}
        return f"{self._provider.logout_url}?{urlencode(asked)}"

    def visitor(self, code: str, attempt: Attempt) -> Visitor | None:
        """Redeem a code.

        Parameters
        ----------
        code : str
            What the provider sent the browser back with.
        attempt : Attempt
            What this browser began.

        Returns
        -------
        Visitor or None
            Named by a hash; None who is in none of the groups.

        Raises
        ------
        SignInFailed
            If the provider does not take the code, or its token is not what it should be.
        """
        try:
            claims = self.claims(self._redeem(code, attempt))
        except (OSError, ValueError, LookupError, TypeError, jwt.PyJWTError) as error:
            raise SignInFailed("the sign-in could not be checked; sign in again") from error
        if claims.get("nonce") != attempt.nonce:
            raise SignInFailed("the sign-in belongs to another browser; sign in again")
        groups = claims.get("cognito:groups", [])
        name = hashlib.sha256(f"{claims['iss']} {claims['sub']}".encode()).hexdigest()[:16]
        return Visitor(name, REVIEWER in groups) if {REVIEWER, VIEWER} & set(groups) else None

    def claims(self, token: str) -> dict[str, Any]:
        """Check an ID token: signature, issuer, application, time.

        Raises
        ------
        jwt.PyJWTError
            If anything is wrong with it.
        """
        key = self._keys.get_signing_key_from_jwt(token).key
        claims = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience=self._provider.client_id,
            issuer=self._provider.issuer,
            options={"require": _NAMED},
        )
        if claims.get("token_use") != "id":
            raise jwt.InvalidTokenError("it is no ID token")
        return claims

    def _redeem(self, code: str, attempt: Attempt) -> str:
        form = {
            "grant_type": "authorization_code",
            "client_id": self._provider.client_id,
            "redirect_uri": self._way_back,
            "code": code,
            "code_verifier": attempt.verifier,
        }
        # The address is the deployment's own, not a visitor's.
        asked = urllib.request.Request(self._provider.token_url, urlencode(form).encode())  # noqa: S310
        with urllib.request.urlopen(asked, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
            return json.load(answer)["id_token"]

    @property
    def _way_back(self) -> str:
        return f"{self._address}/signed-in"
