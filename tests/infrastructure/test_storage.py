"""The buckets keep what they hold safe, and tell EventBridge of new pictures."""

from tests.infrastructure.synthesis import Synthesis, Template


def test_every_bucket_is_encrypted_versioned_and_closed_to_the_public(any_synthesis: Synthesis) -> None:
    buckets = any_synthesis.resources("AWS::S3::Bucket")
    assert len(buckets) == 5
    for bucket in buckets.values():
        properties = bucket["Properties"]
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
        assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
        assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(properties["PublicAccessBlockConfiguration"]) == 4


def test_every_bucket_refuses_requests_without_tls(any_synthesis: Synthesis) -> None:
    policies = any_synthesis.resources("AWS::S3::BucketPolicy").values()
    guarded = {policy["Properties"]["Bucket"]["Ref"] for policy in policies if _denies_plain_http(policy)}
    assert guarded == set(any_synthesis.resources("AWS::S3::Bucket"))


def _denies_plain_http(policy: Template) -> bool:
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == {"AWS": "*"}
        and statement["Action"] == "s3:*"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and len(statement["Resource"]) == 2
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    )


def test_only_new_pictures_are_announced(on_aws: Synthesis) -> None:
    announced = {
        name: bucket["Properties"]["NotificationConfiguration"]
        for name, bucket in on_aws.resources("AWS::S3::Bucket").items()
        if "NotificationConfiguration" in bucket["Properties"]
    }
    ((name, configuration),) = announced.items()
    assert name == on_aws.storage["Outputs"]["IncomingBucket"]["Value"]["Ref"]
    assert configuration == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_only_pages_that_may_call_the_api_may_upload_forms(on_aws: Synthesis, every_hosting: Synthesis) -> None:
    def rules(synthesis: Synthesis) -> list[Template]:
        buckets = synthesis.resources("AWS::S3::Bucket").values()
        return [r for b in buckets for r in b["Properties"].get("CorsConfiguration", {}).get("CorsRules", [])]

    assert rules(on_aws) == []
    assert rules(every_hosting) == [{"AllowedMethods": ["POST"], "AllowedOrigins": ["https://example.com"]}]


def test_old_versions_go_and_pictures_are_not_kept_for_ever(on_aws: Synthesis) -> None:
    rules = {name: _rules(on_aws, f"{name}Bucket") for name in ("Incoming", "Models", "Captured", "Decisions")}
    for rule in rules.values():
        assert rule["old"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    days = {name: rule["old"].get("ExpirationInDays") for name, rule in rules.items()}
    assert days == {"Incoming": 90, "Models": None, "Captured": 90, "Decisions": None}
    assert rules["Decisions"]["prepared"]["Prefix"] == "prepared/"
    assert rules["Decisions"]["prepared"]["ExpirationInDays"] == 1


def _rules(synthesis: Synthesis, output: str) -> dict[str, Template]:
    bucket = synthesis.storage["Resources"][synthesis.storage["Outputs"][output]["Value"]["Ref"]]
    return {rule["Id"]: rule for rule in bucket["Properties"]["LifecycleConfiguration"]["Rules"]}


def test_pictures_outlive_the_stack_on_aws_and_leave_no_trace_on_a_laptop(
    on_aws: Synthesis, on_laptop: Synthesis
) -> None:
    assert {b["DeletionPolicy"] for b in on_aws.resources("AWS::S3::Bucket").values()} == {"RetainExceptOnCreate"}
    assert {b["DeletionPolicy"] for b in on_laptop.resources("AWS::S3::Bucket").values()} == {"Delete"}


def test_what_other_stacks_import_is_exported_whatever_the_hosting(on_aws: Synthesis, every_hosting: Synthesis) -> None:
    # An export that another stack still uses can't be taken away: a change of hosting would stop there.
    def exports(synthesis: Synthesis) -> set[str]:
        return {name for name in synthesis.storage["Outputs"] if name.startswith("ExportsOutput")}

    assert exports(on_aws) == exports(every_hosting)
    assert len(exports(on_aws)) == 8
