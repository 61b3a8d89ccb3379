"""Shadow variants: they get copies of a share of the requests, and nobody gets their answers."""

import logging
import random
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from localcloud.sagemaker.deployment import Deployment
from localcloud.sagemaker.exchange import exchange
from localcloud.sagemaker.invocation_metrics import record_invocation
from localcloud.sagemaker.server_process import ServerUnavailableError

logger = logging.getLogger("localcloud.endpoint")

# Copies of all endpoints. A shadow that does not keep up misses some: production must not wait for it.
_WORKERS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="shadow")
_WAITING = threading.BoundedSemaphore(64)


def mirror(deployment: Deployment, headers: Mapping[str, str], body: bytes) -> None:
    """Send a copy of a request to the shadow variant, if the sampling picks it; without waiting for anything.

    Parameters
    ----------
    deployment : Deployment
        What the endpoint runs.
    headers : mapping of str to str
        As of InvokeEndpoint, names in lower case.
    body : bytes
        What was asked.
    """
    for settings in deployment.config.get("ShadowProductionVariants", []):
        # With a shadow there is one production variant; the share is the ratio of their weights.
        whole = deployment.config["ProductionVariants"][0].get("InitialVariantWeight", 1.0)
        picked = random.uniform(0, whole) < settings.get("InitialVariantWeight", 1.0)  # noqa: S311 - no secret
        if picked and _WAITING.acquire(blocking=False):
            _WORKERS.submit(_copy, deployment, settings["VariantName"], headers, body)


def _copy(deployment: Deployment, name: str, headers: Mapping[str, str], body: bytes) -> None:
    try:
        with deployment.answering():
            exchange(deployment, name, deployment.shadows[name], headers, body)
    except ServerUnavailableError:
        record_invocation(deployment.endpoint, name, 500, None)
    except Exception:
        logger.exception("A copy for the shadow %s of %s was lost", name, deployment.endpoint)
    finally:
        _WAITING.release()
