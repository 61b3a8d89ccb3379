"""The deployed API, as its callers reach it."""

import json
from dataclasses import dataclass, replace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.httpsession import URLLib3Session

from localcloud.credentials import REGION, endpoint_url
from tests.localcloud.deployed_app import App


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Api:
    """One caller of the API: with an access key each request is signed, with a token it bears that."""

    app: App
    key: dict[str, str] | None = None
    token: str | None = None

    @property
    def url(self) -> str:
        return f"{endpoint_url(self.app.cloud.port)}/_aws/execute-api/{self.app.where['ApiId']}/v1"

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers: str) -> Answer:
        """Send a request; `content_type=` is the header Content-Type."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            named["Authorization"] = f"Bearer {self.token}"
        request = AWSRequest(method, self.url + path, named, body)
        if self.key:
            who = Credentials(self.key["AccessKeyId"], self.key["SecretAccessKey"], self.key.get("SessionToken"))
            SigV4Auth(who, "execute-api", REGION).add_auth(request)
        found = URLLib3Session(timeout=60).send(request.prepare())
        return Answer(found.status_code, found.headers, found.content)

    def classify(self, picture: bytes, classifier: str = "vehicle", **headers: str) -> Answer:
        return self.ask("POST", f"/classify/{classifier}", picture, **{"content_type": "image/jpeg", **headers})

    def unsigned(self) -> "Api":
        return replace(self, key=None, token=None)


def new_caller(app: App, name: str, resource: str = "*") -> Api:
    """A user of IAM who may call the API and nothing else."""
    iam = app.cloud.client("iam")
    iam.create_user(UserName=name)
    arn = f"arn:aws:execute-api:{REGION}:{app.cloud.account}:{app.where['ApiId']}/v1/{resource}"
    allowed = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="call", PolicyDocument=policy)
    return Api(app, iam.create_access_key(UserName=name)["AccessKey"])
