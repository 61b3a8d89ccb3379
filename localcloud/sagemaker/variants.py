"""Rules about an endpoint's variants: what an update keeps, who answers a request."""

import copy
import math
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from localcloud.sagemaker.endpoint import Endpoint

_KEPT_MEMBERS = {
    "DesiredInstanceCount": ("CurrentInstanceCount", "DesiredInstanceCount"),
    "DesiredWeight": ("CurrentWeight", "DesiredWeight"),
}


def capture_summary(config: dict[str, Any]) -> dict[str, Any] | None:
    """Return what `DescribeEndpoint` says about data capture.

    Parameters
    ----------
    config : dict
        Description of the endpoint config.

    Returns
    -------
    dict or None
        A `DataCaptureConfigSummary`; None without data capture.
    """
    capture = config.get("DataCaptureConfig")
    if not capture:
        return None
    enabled = bool(capture.get("EnableCapture"))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


def initial_state(variant: dict[str, Any]) -> dict[str, Any]:
    """Return a variant as `DescribeEndpoint` shows it right after a deployment.

    Parameters
    ----------
    variant : dict
        A production variant of an endpoint config.

    Returns
    -------
    dict
        A `ProductionVariantSummary`.
    """
    weight = variant.get("InitialVariantWeight", 1.0)
    state = {"VariantName": variant["VariantName"], "CurrentWeight": weight, "DesiredWeight": weight}
    if count := variant.get("InitialInstanceCount"):
        state |= {"CurrentInstanceCount": count, "DesiredInstanceCount": count}
    if serverless := variant.get("ServerlessConfig"):
        state |= {"CurrentServerlessConfig": serverless, "DesiredServerlessConfig": serverless}
    return state


def shadow_states(config: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return what `DescribeEndpoint` says about shadow variants.

    Parameters
    ----------
    config : dict
        Description of the endpoint config.

    Returns
    -------
    list of dict or None
        A `ProductionVariantSummary` each; None without one.
    """
    return [initial_state(variant) for variant in config.get("ShadowProductionVariants", [])] or None


def retain(endpoint: "Endpoint", config: dict[str, Any], parameters: dict[str, Any]) -> dict[str, Any]:
    """Apply `RetainAllVariantProperties` and its exclusions to an update.

    Parameters
    ----------
    endpoint : Endpoint
        The endpoint as it is.
    config : dict
        Description of the new endpoint config; its data capture is replaced where the present one is kept.
    parameters : dict
        Input of `UpdateEndpoint`.

    Returns
    -------
    dict
        Members of the endpoint's record after the swap.
    """
    states = [initial_state(variant) for variant in config["ProductionVariants"]]
    if parameters.get("RetainAllVariantProperties"):
        excluded = {item["VariantPropertyType"] for item in parameters.get("ExcludeRetainedVariantProperties", [])}
        present = {variant["VariantName"]: variant for variant in endpoint.record.production_variants}
        for property_type, members in _KEPT_MEMBERS.items():
            for state in states if property_type not in excluded else ():
                kept = present.get(state["VariantName"], {})
                state |= {member: kept[member] for member in members if kept.get(member) is not None}
        if "DataCaptureConfig" not in excluded and endpoint.deployment:
            config["DataCaptureConfig"] = copy.deepcopy(endpoint.deployment.config.get("DataCaptureConfig", {}))
    return {"production_variants": states, "data_capture_config": capture_summary(config)}


def pending_deployment(settings: dict[str, Any], status: str, share: float) -> dict[str, Any]:
    """Return what `DescribeEndpoint` says about an update on its way.

    Parameters
    ----------
    settings : dict
        Members of the endpoint's record after the update.
    status : str
        Status of the new variants, such as `Baking`.
    share : float
        Share of the traffic that they have.

    Returns
    -------
    dict
        A `PendingDeploymentSummary`; the current instances are those with traffic.
    """
    variants = [state | {"VariantStatus": [{"Status": status}]} for state in settings["production_variants"]]
    for variant in variants:
        if count := variant.get("DesiredInstanceCount"):
            variant["CurrentInstanceCount"] = math.ceil(round(share * count, 6))
    return {
        "EndpointConfigName": settings["endpoint_config_name"],
        "StartTime": settings["last_modified_time"],
        "ProductionVariants": variants,
    }


def smallest_fleet(states: list[dict[str, Any]]) -> int:
    """Return how many instances the smallest variant has.

    Parameters
    ----------
    states : list of dict
        Variants as `DescribeEndpoint` shows them.

    Returns
    -------
    int
        A serverless variant counts as one.
    """
    return min(state.get("DesiredInstanceCount", 1) for state in states)


def with_known_capacity(parameters: dict[str, Any], variants: list[dict[str, Any]]) -> dict[str, Any]:
    """Fill in the weight or count that a request leaves as it is, which moto would erase.

    Parameters
    ----------
    parameters : dict
        Input of `UpdateEndpointWeightsAndCapacities`.
    variants : list of dict
        The variants as they are.

    Returns
    -------
    dict
        The input, complete.
    """
    present = {variant["VariantName"]: variant for variant in variants}
    desired = [
        {
            member: present[change["VariantName"]][member]
            for member in ("DesiredWeight", "DesiredInstanceCount")
            if present.get(change["VariantName"], {}).get(member) is not None
        }
        | change
        for change in parameters["DesiredWeightsAndCapacities"]
    ]
    return parameters | {"DesiredWeightsAndCapacities": desired}


def choose(variants: list[dict[str, Any]]) -> str:
    """Choose who answers a request that names no variant, by the current weights.

    Parameters
    ----------
    variants : list of dict
        The variants as `DescribeEndpoint` shows them.

    Returns
    -------
    str
        Name of a variant.
    """
    weights = [variant.get("CurrentWeight", 1.0) for variant in variants]
    # A share of traffic, not a secret.
    return random.choices(variants, weights)[0]["VariantName"]  # noqa: S311
