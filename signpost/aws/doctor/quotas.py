"""Checks of quotas, by Service Quotas, against what ``signpost.toml`` needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache, partial

from signpost.aws.deployment import Clients
from signpost.aws.doctor.findings import Check, Finding, Status
from signpost.settings.file import Settings
from signpost.settings.hosting import Hosting

# https://docs.aws.amazon.com/general/latest/gr/lambda-service.html
_CONCURRENT_EXECUTIONS = "L-B99A9384"
_COMFORTABLE_CONCURRENCY = 100
_WEB_ACLS, _WEB_ACLS_USUALLY = "Maximum web ACLs per account in WAF for regional", 100
_USER_POOLS, _USER_POOLS_USUALLY = "User pools per Region", 1000
_WITH_INSTANCES = (Hosting.REALTIME, Hosting.ASYNC, Hosting.COMPONENTS)


def quota_checks(settings: Settings, clients: Clients) -> dict[str, Check]:
    """Return the checks of quotas.

    Parameters
    ----------
    settings : Settings
    clients : callable
        Makes the client of a service.
    """
    quotas = Quotas(clients)
    checks: dict[str, Check] = {"lambda": partial(_lambda, quotas)}
    for name, count in needed_instances(settings).items():
        checks[name] = partial(_instances, quotas, name, count)
    if settings.api.firewall:
        checks["firewall"] = partial(_firewall, quotas, clients)
    if settings.api.authorisation == "cognito" or settings.review.deployed:
        checks["cognito"] = partial(_cognito, quotas, clients)
    return checks


def needed_instances(settings: Settings) -> dict[str, int]:
    """Return how many instances are needed at most, by the name of their quota.

    An update of an endpoint runs the old and the new instances side by side, so they count twice.

    Parameters
    ----------
    settings : Settings
    """
    needed: Counter[str] = Counter()
    for classifier in settings.hosted.values():
        if classifier.hosting in _WITH_INSTANCES:
            endpoint = classifier.endpoint
            needed[f"{endpoint.instance_type} for endpoint usage"] += 2 * endpoint.max_instances
    for training in settings.trained.values():
        name = f"{training.instance_type} for {'spot ' if training.spot else ''}training job usage"
        needed[name] = max(needed[name], training.instances)
    return dict(needed)


class Quotas:
    """The applied quotas of an account.

    Parameters
    ----------
    clients : callable
        Makes the client of a service.
    """

    def __init__(self, clients: Clients) -> None:
        self._client = cache(lambda: clients("service-quotas"))
        self._of = cache(self._all)

    def by_code(self, service: str, code: str) -> int:
        """Return a quota."""
        return int(self._client().get_service_quota(ServiceCode=service, QuotaCode=code)["Quota"]["Value"])

    def by_name(self, service: str, name: str) -> int | None:
        """Return a quota; None where the service has none of this name."""
        return self._of(service).get(name)

    def _all(self, service: str) -> dict[str, int]:
        pages = self._client().get_paginator("list_service_quotas").paginate(ServiceCode=service)
        return {quota["QuotaName"]: int(quota["Value"]) for page in pages for quota in page["Quotas"]}


def _lambda(quotas: Quotas) -> Iterator[Finding]:
    limit = quotas.by_code("lambda", _CONCURRENT_EXECUTIONS)
    message = f"{limit:,} concurrent executions of functions in the account"
    if limit < _COMFORTABLE_CONCURRENCY:
        yield Finding("lambda", Status.WARNING, message, f"{_request('lambda')} Until then, bursts are throttled.")
    else:
        yield Finding("lambda", Status.OK, message)


def _instances(quotas: Quotas, name: str, needed: int) -> Iterator[Finding]:
    limit = quotas.by_name("sagemaker", name)
    if limit is None:
        yield Finding(name, Status.WARNING, "Service Quotas knows no such quota", "Check the instance type.")
    elif limit < needed:
        yield Finding(name, Status.FAILURE, f"{limit} allowed, {needed} needed", _request("sagemaker"))
    else:
        yield Finding(name, Status.OK, f"{limit} allowed, {needed} needed")


def _firewall(quotas: Quotas, clients: Clients) -> Iterator[Finding]:
    waf, used, more = clients("wafv2"), 0, {}
    while True:
        page = waf.list_web_acls(Scope="REGIONAL", Limit=100, **more)
        used += len(page["WebACLs"])
        if not page.get("NextMarker") or not page["WebACLs"]:
            break
        more = {"NextMarker": page["NextMarker"]}
    limit = quotas.by_name("wafv2", _WEB_ACLS) or _WEB_ACLS_USUALLY
    yield _room("firewall", "web ACLs", used, limit, "wafv2")


def _cognito(quotas: Quotas, clients: Clients) -> Iterator[Finding]:
    pages = clients("cognito-idp").get_paginator("list_user_pools").paginate(MaxResults=60)
    used = sum(len(page["UserPools"]) for page in pages)
    limit = quotas.by_name("cognito-idp", _USER_POOLS) or _USER_POOLS_USUALLY
    yield _room("cognito", "user pools", used, limit, "cognito-idp")


def _room(check: str, what: str, used: int, limit: int, service: str) -> Finding:
    if used >= limit:
        return Finding(check, Status.FAILURE, f"all {limit:,} {what} are used", f"Delete some. {_request(service)}")
    return Finding(check, Status.OK, f"{used:,} of {limit:,} {what} are used")


def _request(service: str) -> str:
    return f"Request more: https://console.aws.amazon.com/servicequotas/home/services/{service}/quotas"
