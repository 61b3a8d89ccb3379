"""What the API's operations work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.api.receipts import Receipts
from signpost.errors import RequestError
from signpost.settings.lambda_config import ApiConfiguration


@dataclass(frozen=True)
class Services:
    """Configuration and clients.

    Attributes
    ----------
    configuration : ApiConfiguration
        What the stack tells the function.
    s3, machines : botocore clients
        Of S3 and of Step Functions.
    receipts : Receipts
        The table of decisions.
    logger : Logger
        The function's.
    """

    configuration: ApiConfiguration
    s3: Any
    machines: Any
    receipts: Receipts
    logger: Logger

    def known_classifier(self, name: str) -> str:
        """Return the name of a classifier that can be asked.

        Raises
        ------
        RequestError
            ``unknown_classifier``.
        """
        names = list(self.configuration.inputs)
        if name not in names:
            raise RequestError(
                "unknown_classifier", f"There is no classifier {name[:64]!r}; allowed are {', '.join(names)}."
            )
        return name
