"""Measures a candidate, and the model in production on the very same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from signpost.errors import IncomparableError, PackageError
from signpost.model.artifacts import read_evaluation, read_model
from signpost.model.evaluation import measure
from signpost.model.package import Package


def compare(s3: Any, model: str, output: str, production: str | None, labels: Sequence[str]) -> dict[str, Any]:
    """Measure a trained model.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    model, output : str
        Where the training job's ``model.tar.gz`` and ``output.tar.gz`` are, as ``s3://…``.
    production : str or None
        Where the package in production is; None where there is none.
    labels : sequence of str
        What the classifier's routes need.

    Returns
    -------
    dict
        ``model`` (name and version), ``candidate`` (see `signpost.model.evaluation.measure`), ``parity`` (what
        the export changed), ``production`` (its figures, or None) and ``comparison``, a sentence.

    Raises
    ------
    PackageError, DatasetError
        If the candidate, the model in production or the pictures can't be read.
    """
    package, pictures = read_model(s3, model), read_evaluation(s3, output)
    manifest = package.manifest
    if set(manifest.labels) != set(labels):
        known, routed = ", ".join(sorted(manifest.labels)), ", ".join(sorted(labels))
        raise PackageError(f"the trained model knows {known}, but signpost.toml routes {routed}")
    former, said = None, "There is no endpoint and no approved version to compare with."
    if production:
        try:
            other = read_model(s3, production)
            former = measure(other, pictures) | {"version": other.manifest.version}
            said = f"Compared with {other.manifest.version} in production, on the same {former['n']} pictures."
        except IncomparableError as error:  # no reason to keep a new model back; one that can't be read is
            said = f"The model in production can't be compared: {error}."
    return {
        "model": {"name": manifest.name, "version": manifest.version},
        "candidate": measure(package, pictures),
        "parity": _parity(package),
        "production": former,
        "comparison": said,
    }


def _parity(package: Package) -> dict[str, float]:
    exports = package.manifest.metrics.get("exports", {})
    try:
        shipped = exports[package.manifest.quantisation]
        return {
            "changed_decisions": float(shipped["decisions_changed"]),
            "probability_shift": float(shipped["largest_probability_shift"]),
        }
    except (KeyError, TypeError, ValueError) as error:
        raise PackageError("the trained model's manifest does not say how much its export changed") from error
