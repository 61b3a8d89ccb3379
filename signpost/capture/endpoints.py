"""Which classifier an endpoint serves, told by its name."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from signpost.capture.summary import Labels
from signpost.model.package import open_package
from signpost.settings.endpoint import classifier_of_endpoint
from signpost.settings.file import Settings


def classifier_of(settings: Settings, endpoint: str) -> str | None:
    """Name the classifier of an endpoint; None of one that is not this app's."""
    return classifier_of_endpoint(settings.app.name, settings.classifiers, endpoint)


def labels_of(settings: Settings, given: Sequence[str] | None = None) -> Labels:
    """Make what names an endpoint's bare probabilities.

    Parameters
    ----------
    settings : Settings
    given : sequence of str or None
        Labels to use for every endpoint. None takes those of its classifier; where it has none, the default one's.

    Returns
    -------
    callable
        From an endpoint's name to labels in the network's order.
    """

    @cache
    def labels(endpoint: str) -> Sequence[str]:
        if given is not None:
            return given
        model = settings.classifier(classifier_of(settings, endpoint)).model
        return open_package(model).manifest.labels if model else ()

    return labels
