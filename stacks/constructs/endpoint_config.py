"""The parts of an endpoint's configuration, by hosting."""

from __future__ import annotations

from aws_cdk import aws_s3 as s3
from aws_cdk.aws_sagemaker import CfnEndpointConfig

from signpost.capture.shadow import PRODUCTION as VARIANT
from signpost.capture.shadow import SHADOW
from signpost.routing import prefixes
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting
from signpost.settings.shadow import ShadowSettings

CAPTURE, ASYNC_OUTPUT, ASYNC_ERRORS = prefixes.CAPTURE.rstrip("/"), "async-output", "async-errors"


def written_prefixes(settings: EndpointSettings, hosting: Hosting) -> list[str]:
    """Name the folders of the captured bucket that an endpoint writes to.

    Parameters
    ----------
    settings : EndpointSettings
        Whether data is captured.
    hosting : Hosting
        Serverless endpoints can't capture; async ones keep their answers in S3 in any case.

    Returns
    -------
    list of str
    """
    if hosting is Hosting.ASYNC:
        return [ASYNC_OUTPUT, ASYNC_ERRORS]
    return [CAPTURE] if hosting is Hosting.REALTIME and settings.capture_percent else []


def production_variant(
    settings: EndpointSettings, hosting: Hosting, model_name: str
) -> CfnEndpointConfig.ProductionVariantProperty:
    """Describe the one variant of an endpoint: instances, or memory and concurrency.

    Parameters
    ----------
    settings : EndpointSettings
        The sizes.
    hosting : Hosting
        Serverless has no instances.
    model_name : str
        The model.

    Returns
    -------
    CfnEndpointConfig.ProductionVariantProperty
    """
    kind = CfnEndpointConfig
    serverless = hosting is Hosting.SERVERLESS
    return kind.ProductionVariantProperty(
        variant_name=VARIANT,
        model_name=model_name,
        initial_variant_weight=1,
        initial_instance_count=None if serverless else settings.min_instances,
        instance_type=None if serverless else settings.instance_type,
        serverless_config=kind.ServerlessConfigProperty(
            memory_size_in_mb=settings.memory_mb, max_concurrency=settings.max_concurrency
        )
        if serverless
        else None,
    )


def shadow_variant(
    settings: EndpointSettings, shadow: ShadowSettings, model_name: str
) -> CfnEndpointConfig.ProductionVariantProperty:
    """Describe the variant that gets copies: as many instances as the one in production has at least.

    Parameters
    ----------
    settings : EndpointSettings
        The sizes.
    shadow : ShadowSettings
        Share of the requests.
    model_name : str
        The model.

    Returns
    -------
    CfnEndpointConfig.ProductionVariantProperty
    """
    return CfnEndpointConfig.ProductionVariantProperty(
        variant_name=SHADOW,
        model_name=model_name,
        # SageMaker takes the ratio to production's weight, which is 1, as the share.
        initial_variant_weight=shadow.percent / 100,
        initial_instance_count=settings.min_instances,
        instance_type=settings.instance_type,
    )


def data_capture(settings: EndpointSettings, bucket: s3.IBucket) -> CfnEndpointConfig.DataCaptureConfigProperty:
    """Describe which requests and answers are kept, and where.

    Parameters
    ----------
    settings : EndpointSettings
        Share and sides.
    bucket : aws_cdk.aws_s3.IBucket
        Where they go, under ``capture/<endpoint>/<variant>/``.

    Returns
    -------
    CfnEndpointConfig.DataCaptureConfigProperty
    """
    kind = CfnEndpointConfig
    return kind.DataCaptureConfigProperty(
        enable_capture=True,
        initial_sampling_percentage=settings.capture_percent,
        destination_s3_uri=bucket.s3_url_for_object(CAPTURE),
        capture_options=[kind.CaptureOptionProperty(capture_mode=side.title()) for side in settings.capture],
        # Answers stay readable; pictures become base64.
        capture_content_type_header=kind.CaptureContentTypeHeaderProperty(json_content_types=["application/json"]),
    )


def async_inference(endpoint_name: str, bucket: s3.IBucket) -> CfnEndpointConfig.AsyncInferenceConfigProperty:
    """Describe where an async endpoint puts its answers and errors.

    Parameters
    ----------
    endpoint_name : str
        Names the folder.
    bucket : aws_cdk.aws_s3.IBucket
        Where they go.

    Returns
    -------
    CfnEndpointConfig.AsyncInferenceConfigProperty
    """
    kind = CfnEndpointConfig
    return kind.AsyncInferenceConfigProperty(
        output_config=kind.AsyncInferenceOutputConfigProperty(
            s3_output_path=bucket.s3_url_for_object(f"{ASYNC_OUTPUT}/{endpoint_name}"),
            s3_failure_path=bucket.s3_url_for_object(f"{ASYNC_ERRORS}/{endpoint_name}"),
        )
    )
