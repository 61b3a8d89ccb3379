"""AWS WAF in front of an API."""

from __future__ import annotations

from aws_cdk import CfnDeletionPolicy
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from signpost.api.problems import problem
from signpost.settings.file import Settings

# A picture is longer than the rule set likes, and its bytes are no text to look for attacks in.
_NOT_FOR_PICTURES = (
    "SizeRestrictions_BODY",
    "CrossSiteScripting_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "EC2MetaDataSSRF_BODY",
)
_WINDOW_SECONDS = 300


class Firewall(Construct):
    """Managed rules, and a limit for each address.

    Each API has one of its own. A stack that imported the firewall of another stack would lock it: CloudFormation
    neither deletes an export that is in use nor a web ACL that is associated.

    Parameters
    ----------
    settings : Settings
        The limit.
    name : str
        Name of the API, the last part of that of the web ACL.

    Attributes
    ----------
    arn : str
        ARN of the list of rules.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, name: str) -> None:
        super().__init__(scope, construct_id)
        slow_down = problem("too_many_requests", "Too many requests come from your address.", "none").model_dump_json()
        rules = [
            _managed(0, "AWSManagedRulesCommonRuleSet", counted=_NOT_FOR_PICTURES),
            _managed(1, "AWSManagedRulesKnownBadInputsRuleSet"),
            _managed(2, "AWSManagedRulesAmazonIpReputationList"),
            _limit(3, settings.api.requests_per_address),
        ]
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=f"{settings.app.name}-{name}",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen_as(name.title()),
            custom_response_bodies={
                "slow-down": waf.CfnWebACL.CustomResponseBodyProperty(
                    content=slow_down, content_type="APPLICATION_JSON"
                )
            },
            rules=rules,
        )
        self.arn = acl.attr_arn

    @staticmethod
    def protect(scope: Construct, stage_arn: str, arn: str) -> None:
        """Put the firewall with this ARN in front of a stage."""
        association = waf.CfnWebACLAssociation(scope, "Association", resource_arn=stage_arn, web_acl_arn=arn)
        # A new association takes the place of the former one, and the deletion of that one would end the new one.
        association.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
        association.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE


def _managed(priority: int, name: str, counted: tuple[str, ...] = ()) -> waf.CfnWebACL.RuleProperty:
    count = waf.CfnWebACL.RuleActionProperty(count={})
    overrides = [waf.CfnWebACL.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in counted]
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(
        vendor_name="AWS", name=name, rule_action_overrides=overrides or None
    )
    return waf.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        statement=waf.CfnWebACL.StatementProperty(managed_rule_group_statement=group),
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        visibility_config=_seen_as(name),
    )


def _limit(priority: int, requests: int) -> waf.CfnWebACL.RuleProperty:
    wait = waf.CfnWebACL.CustomHTTPHeaderProperty(name="Retry-After", value=str(_WINDOW_SECONDS))
    response = waf.CfnWebACL.CustomResponseProperty(
        response_code=429, custom_response_body_key="slow-down", response_headers=[wait]
    )
    by_address = waf.CfnWebACL.RateBasedStatementProperty(
        limit=requests, aggregate_key_type="IP", evaluation_window_sec=_WINDOW_SECONDS
    )
    return waf.CfnWebACL.RuleProperty(
        name="RequestsPerAddress",
        priority=priority,
        statement=waf.CfnWebACL.StatementProperty(rate_based_statement=by_address),
        action=waf.CfnWebACL.RuleActionProperty(block=waf.CfnWebACL.BlockActionProperty(custom_response=response)),
        visibility_config=_seen_as("RequestsPerAddress"),
    )


def _seen_as(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    # No samples: they would hold requests.
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
