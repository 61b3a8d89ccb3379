"""A hosted classifier: its settings and its model package must agree."""

from __future__ import annotations

from signpost.errors import SettingsError
from signpost.model.manifest import Manifest
from signpost.model.package import open_package
from signpost.settings.file import Classifier


def manifest_of(name: str, classifier: Classifier) -> Manifest:
    """Read the manifest of a classifier's package and check it against the routes.

    Parameters
    ----------
    name : str
        The classifier.
    classifier : Classifier
        Its settings, with a model.

    Returns
    -------
    Manifest

    Raises
    ------
    SettingsError
        If there is no model, its labels are not those of the routes, or its shadow does not fit to it.
    PackageError
        If the package is broken.
    """
    if classifier.model is None:
        raise SettingsError(f"classifiers.{name}.model is missing; allowed is the folder of a model package")
    manifest = open_package(classifier.model).manifest
    routed, known = set(classifier.route_of), set(manifest.labels)
    if routed != known:
        raise SettingsError(
            f"classifiers.{name}.routes give a route to {', '.join(sorted(routed))}, "
            f"but the model knows {', '.join(sorted(known))}; every label needs exactly one route"
        )
    if classifier.shadow:
        shadow = open_package(classifier.shadow.model).manifest
        if set(shadow.labels) != known or shadow.input != manifest.input:
            raise SettingsError(
                f"classifiers.{name}.shadow.model has other labels or another input size than the model in production"
            )
    return manifest
