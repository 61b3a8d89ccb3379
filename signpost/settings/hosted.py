"""A hosted classifier: its settings and its model package must agree."""

from __future__ import annotations

from pathlib import Path

from signpost.errors import PackageError, SettingsError
from signpost.model.manifest import Manifest
from signpost.model.package import open_package
from signpost.settings.file import Classifier, Settings


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
        If there is no model, its package is missing or broken, its labels are not those of the routes, or its shadow
        does not fit to it.
    """
    if classifier.model is None:
        raise SettingsError(f"classifiers.{name}.model is missing; allowed is the folder of a model package")
    manifest = _manifest_at(f"classifiers.{name}.model", classifier.model)
    routed, known = set(classifier.route_of), set(manifest.labels)
    if routed != known:
        raise SettingsError(
            f"classifiers.{name}.routes give a route to {', '.join(sorted(routed))}, "
            f"but the model knows {', '.join(sorted(known))}; every label needs exactly one route"
        )
    if classifier.shadow:
        shadow = _manifest_at(f"classifiers.{name}.shadow.model", classifier.shadow.model)
        if set(shadow.labels) != known or shadow.input != manifest.input:
            raise SettingsError(
                f"classifiers.{name}.shadow.model has other labels or another input size than the model in production"
            )
    return manifest


def check_packages(settings: Settings) -> None:
    """Check the package of every hosted classifier against its routes.

    Raises
    ------
    SettingsError
        See `manifest_of`; with all that is wrong.
    """
    faults: list[str] = []
    for name, classifier in settings.hosted.items():
        try:
            manifest_of(name, classifier)
        except SettingsError as error:
            faults.append(str(error))
    if faults:
        raise SettingsError("\n  ".join(["signpost.toml does not fit to the model packages:", *faults]))


def _manifest_at(key: str, package: Path) -> Manifest:
    try:
        return open_package(package).manifest
    except PackageError as error:
        raise SettingsError(f"{key}: {error}") from error
