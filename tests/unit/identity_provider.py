"""A stand-in for a user pool: keys, and tokens for codes, over HTTP."""

import base64
import hashlib
import json
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from signpost.settings.lambda_config import IdentityProvider

ISSUER, CLIENT = "https://pool.example", "the-page"


class Pool:
    """Signs anybody in, as whoever the test says."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, tuple[str, str]] = {}
        pool = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(pool.key.public_key()))
                self._say(200, {"keys": [{**public, "kid": "1", "alg": "RS256", "use": "sig"}]})

            def do_POST(self) -> None:
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                token = pool._redeem(form)
                self._say(200 if token else 400, {"id_token": token} if token else {"error": "invalid_grant"})

            def _say(self, status: int, said: dict[str, Any]) -> None:
                body = json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def provider(self) -> IdentityProvider:
        here = f"http://127.0.0.1:{self._server.server_port}"
        return IdentityProvider(
            issuer=ISSUER,
            client_id=CLIENT,
            keys_url=f"{here}/keys",
            authorize_url=f"{ISSUER}/authorize",
            token_url=f"{here}/token",
            logout_url=f"{ISSUER}/logout",
        )

    def sign_in(
        self, question: str, groups: list[str], *, key: Any = None, algorithm: str = "RS256", **said: Any
    ) -> str:
        """Answer what a browser was sent here with: what to ask the page for."""
        asked = {name: value for name, [value] in parse_qs(urlsplit(question).query).items()}
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        claims = {
            **{"iss": ISSUER, "aud": CLIENT, "sub": "anna", "token_use": "id", "nonce": asked["nonce"]},
            **{"iat": int(time.time()), "exp": int(time.time()) + 60, "cognito:groups": groups, **said},
        }
        code = str(uuid.uuid4())
        token = jwt.encode(claims, self.key if key is None else key, algorithm, headers={"kid": "1"})
        self._codes[code] = (asked["code_challenge"], token)
        return f"{urlsplit(asked['redirect_uri']).path}?{urlencode({'code': code, 'state': asked['state']})}"

    def _redeem(self, form: dict[str, list[str]]) -> str | None:
        challenge, token = self._codes.pop(form["code"][0])
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        return token if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge else None
