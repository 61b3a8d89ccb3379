"""User pools: what holds for each, and that of the API's callers."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from signpost.settings.file import Settings
from stacks.constructs.acknowledge import acknowledge
from stacks.stage import Stage


def closed_pool(scope: Construct, name: str, stage: Stage) -> cognito.UserPool:
    """Make a pool that an administrator adds people to.

    Parameters
    ----------
    scope : Construct
    name : str
        Of the pool.
    stage : Stage
        What becomes of it when the stack is deleted.
    """
    return cognito.UserPool(
        scope,
        "Pool",
        user_pool_name=name,
        self_sign_up_enabled=False,
        sign_in_aliases=cognito.SignInAliases(email=True),
        account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
        mfa=cognito.Mfa.OPTIONAL,
        mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
        password_policy=cognito.PasswordPolicy(
            min_length=12, require_digits=True, require_lowercase=True, require_symbols=True, require_uppercase=True
        ),
        removal_policy=stage.removal_policy,
    )


class CallerPool(Construct):
    """People and programs that may call.

    Parameters
    ----------
    settings : Settings
        The app's name.
    stage : Stage
        What becomes of the pool when the stack is deleted.

    Attributes
    ----------
    pool : cognito.UserPool
        The pool; an administrator adds to it.
    client : cognito.UserPoolClient
        The application that tokens are made for.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.pool = closed_pool(self, f"{settings.app.name}-api", stage)
        self.client = self.pool.add_client(
            "Client",
            generate_secret=False,
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            access_token_validity=Duration.hours(1),
            id_token_validity=Duration.hours(1),
        )
        acknowledge(
            self.pool,
            {
                "COG2": "Programs call too; people can be asked for a second factor one by one.",
                "COG3": "Threat protection is a paid plan of Cognito's; switch it on where it is bought.",
                "COG8": "As above: the plus plan is bought by who wants it.",
            },
        )

    @property
    def outputs(self) -> dict[str, str]:
        """What a caller has to know."""
        return {"UserPool": self.pool.user_pool_id, "UserPoolClient": self.client.user_pool_client_id}
