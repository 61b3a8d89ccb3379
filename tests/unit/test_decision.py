import pytest

from signpost.routing.contracts import Decision, ImageRef, ModelRef, Outcome, Prediction, Reason
from signpost.routing.decision import decide, reject

IMAGE = ImageRef(bucket="b", key="k", version_id="1", sha256="0" * 64)
ROUTES = {"bicycle": "nearby-orders", "motorcycle": "distant-orders"}


def predicted(confidence=0.97, threshold=0.9, energy=-5.0, energy_threshold=-2.0):
    return Prediction(
        label="bicycle",
        confidence=confidence,
        probabilities={"bicycle": confidence, "motorcycle": 1 - confidence},
        threshold=threshold,
        energy=energy,
        energy_threshold=energy_threshold,
    )


def decided(prediction, thresholds=None, routes=ROUTES):
    return decide(
        decision_id="id",
        image=IMAGE,
        classifier="vehicle",
        prediction=prediction,
        model=ModelRef(name="vehicle", version="1"),
        routes=routes,
        thresholds=thresholds or {},
        timings_ms={"serialize": 1.0},
    )


def test_a_sure_prediction_is_routed():
    decision = decided(predicted())
    assert (decision.outcome, decision.route, decision.reason) == (Outcome.ROUTED, "nearby-orders", None)


def test_confidence_equal_to_the_threshold_is_enough():
    assert decided(predicted(confidence=0.9, threshold=0.9)).outcome is Outcome.ROUTED


@pytest.mark.parametrize(
    ("prediction", "thresholds", "routes", "code"),
    [
        (predicted(confidence=0.6), {}, ROUTES, "low_confidence"),
        (predicted(confidence=0.95), {"bicycle": 0.99}, ROUTES, "low_confidence"),
        (predicted(energy=-1.0), {}, ROUTES, "out_of_distribution"),
        (predicted(), {}, {"motorcycle": "distant-orders"}, "no_route"),
    ],
)
def test_a_doubt_ends_in_review_with_its_reason_and_without_a_route(prediction, thresholds, routes, code):
    decision = decided(prediction, thresholds, routes)
    assert (decision.outcome, decision.route) == (Outcome.REVIEW, None)
    assert decision.reason is not None
    assert decision.reason.code == code
    assert decision.label == "bicycle"


def test_the_settings_override_the_packages_threshold_either_way():
    decision = decided(predicted(confidence=0.6), thresholds={"bicycle": 0.5})
    assert (decision.outcome, decision.threshold) == (Outcome.ROUTED, 0.5)


def test_a_package_without_an_energy_threshold_is_not_tested_for_strangeness():
    assert decided(predicted(energy=99.0, energy_threshold=None)).outcome is Outcome.ROUTED


def test_a_rejection_keeps_what_is_known():
    reason = Reason(code="empty_file", message="The file has 0 bytes.")
    decision = reject(decision_id="id", image=IMAGE, classifier="vehicle", reason=reason)
    assert (decision.outcome, decision.image, decision.reason) == (Outcome.REJECTED, IMAGE, reason)


def test_the_json_has_every_key_of_the_contract_whatever_the_outcome():
    keys = {
        "decision_id", "image", "classifier", "outcome", "route", "label", "confidence", "probabilities",
        "threshold", "reason", "model", "timings_ms",
    }  # fmt: skip
    rejected = reject(decision_id="id", image=IMAGE, classifier=None, reason=Reason(code="c", message="m"))
    for decision in (decided(predicted()), rejected):
        assert set(decision.model_dump(mode="json")) == keys
        assert Decision.model_validate_json(decision.model_dump_json()) == decision
