"""The user pool of those who review."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from review.deployed.identity import REVIEWER, VIEWER
from signpost.settings.file import Settings
from signpost.settings.lambda_config import IdentityProvider
from stacks.constructs.acknowledge import acknowledge
from stacks.constructs.user_pool import closed_pool
from stacks.stage import Stage

_GROUPS = {VIEWER: "May look at decisions.", REVIEWER: "May look at decisions and correct them."}


class Reviewers(Construct):
    """People who may look, or correct too, and the page on which they sign in.

    Parameters
    ----------
    settings : Settings
        The app's name.
    stage : Stage
        Where sign-in pages are, and what becomes of the pool when the stack is deleted.
    address : str
        Of the review page.

    Attributes
    ----------
    pool : cognito.UserPool
        The pool; an administrator adds to it and to its groups.
    provider : IdentityProvider
        What the page has to know of it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, stage: Stage, address: str) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self.pool = closed_pool(self, f"{settings.app.name}-review", stage)
        for name, description in _GROUPS.items():
            self.pool.add_group(name.title(), group_name=name, description=description)
        # Unique among all of AWS, hence the account.
        prefix = f"{settings.app.name}-review-{Aws.ACCOUNT_ID}"
        domain = self.pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix))
        # No secret: the code is redeemed with what this browser's sign-in began with (PKCE).
        client = self.pool.add_client(
            "Client",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True),
            o_auth=cognito.OAuthSettings(
                flows=cognito.OAuthFlows(authorization_code_grant=True),
                scopes=[cognito.OAuthScope.OPENID],
                callback_urls=[f"{address}/signed-in"],
                logout_urls=[f"{address}/signed-out"],
            ),
            supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
            prevent_user_existence_errors=True,
            id_token_validity=Duration.minutes(5),  # read once; the page's own session follows
        )
        self.provider = self._provider(client.user_pool_client_id, stage.endpoint or domain.base_url())
        acknowledge(
            self.pool,
            {
                "COG2": "People can be asked for a second factor one by one.",
                "COG3": "Threat protection is a paid plan of Cognito's; switch it on where it is bought.",
                "COG8": "As above: the plus plan is bought by who wants it.",
            },
        )

    def _provider(self, client: str, pages: str) -> IdentityProvider:
        issuer = f"https://{self.pool.user_pool_provider_name}"
        local = f"{self._stage.endpoint}/{self.pool.user_pool_id}"
        return IdentityProvider(
            issuer=issuer,
            client_id=client,
            keys_url=f"{local if self._stage.endpoint else issuer}/.well-known/jwks.json",
            authorize_url=f"{pages}/oauth2/authorize",
            token_url=f"{pages}/oauth2/token",
            logout_url=f"{pages}/logout",
        )
