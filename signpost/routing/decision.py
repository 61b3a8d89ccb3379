"""From a prediction to a decision: threshold, then route."""

from __future__ import annotations

from collections.abc import Mapping

from signpost.routing.contracts import Decision, ImageRef, ModelRef, Outcome, Prediction, Reason


def decide(
    *,
    decision_id: str,
    image: ImageRef,
    classifier: str,
    prediction: Prediction,
    model: ModelRef,
    routes: Mapping[str, str],
    thresholds: Mapping[str, float],
    timings_ms: Mapping[str, float],
) -> Decision:
    """Decide where a picture goes.

    Parameters
    ----------
    decision_id : str
        Id of this decision.
    image : ImageRef
        The picture.
    classifier : str
        Name of the classifier that was asked.
    prediction : Prediction
        What its model says.
    model : ModelRef
        The model that said it.
    routes : mapping of str to str
        Route of every label, from the settings.
    thresholds : mapping of str to float
        Overrides of the package's thresholds, from the settings.
    timings_ms : mapping of str to float
        What each step took.

    Returns
    -------
    Decision
        ``routed``, or ``review`` with the reason ``out_of_distribution``, ``low_confidence`` or ``no_route``.
    """
    threshold = thresholds.get(prediction.label, prediction.threshold)
    reason = doubt(prediction, threshold)
    if reason is None and prediction.label not in routes:
        reason = Reason(code="no_route", message=f"The model said {prediction.label}, which has no route.")
    return Decision(
        decision_id=decision_id,
        image=image,
        classifier=classifier,
        outcome=Outcome.REVIEW if reason else Outcome.ROUTED,
        route=None if reason else routes[prediction.label],
        label=prediction.label,
        confidence=round(prediction.confidence, 6),
        probabilities={label: round(p, 6) for label, p in prediction.probabilities.items()},
        threshold=threshold,
        reason=reason,
        model=model,
        timings_ms=dict(timings_ms),
    )


def reject(*, decision_id: str, image: ImageRef, classifier: str | None, reason: Reason) -> Decision:
    """Decide that a picture can't be used.

    Parameters
    ----------
    decision_id : str
        Id of this decision.
    image : ImageRef
        What is known of the picture.
    classifier : str or None
        Name of the classifier, as far as it was given.
    reason : Reason
        Why it can't be used.

    Returns
    -------
    Decision
        With the outcome ``rejected``.
    """
    return Decision(
        decision_id=decision_id, image=image, classifier=classifier, outcome=Outcome.REJECTED, reason=reason
    )


def doubt(prediction: Prediction, threshold: float) -> Reason | None:
    """Tell why a prediction is not sure enough to be acted on.

    Parameters
    ----------
    prediction : Prediction
        What the model says.
    threshold : float
        Probability from which its label is routed.

    Returns
    -------
    Reason or None
        ``out_of_distribution`` or ``low_confidence``; None where it is sure enough.
    """
    if prediction.energy_threshold is not None and prediction.energy > prediction.energy_threshold:
        said = "The picture looks like nothing that the model was trained to tell apart."
        return Reason(code="out_of_distribution", message=said)
    if prediction.confidence < threshold:
        sure = f"{prediction.confidence:.1%} sure of {prediction.label}, below its threshold of {threshold:.1%}"
        return Reason(code="low_confidence", message=f"The model is {sure}.")
    return None
