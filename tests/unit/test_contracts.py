"""What travels between the parts keeps its shape."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from signpost.routing.contracts import Answer, Decision, ImageRef, ModelRef, Outcome, Prediction, Reason, decision_id

PREDICTION = Prediction(
    label="bicycle",
    confidence=0.9,
    probabilities={"bicycle": 0.9, "motorcycle": 0.1},
    threshold=0.8,
    energy=-3.2,
    energy_threshold=None,
)
MODEL = ModelRef(name="vehicle", version="1")
DECISION = Decision(
    decision_id="d",
    image=ImageRef(bucket="b", key="k"),
    classifier="vehicle",
    outcome=Outcome.REVIEW,
    reason=Reason(code="below_threshold", message="Not sure."),
)


@pytest.mark.parametrize(
    "contract", [DECISION, Answer(predictions=[PREDICTION], model=MODEL, timings_ms={"decode": 1.5})]
)
def test_a_contract_survives_its_json(contract):
    assert type(contract).model_validate_json(contract.model_dump_json()) == contract


def test_a_decision_has_the_keys_that_its_readers_know():
    asked = {"decision_id", "image", "classifier", "outcome", "route", "label", "confidence", "probabilities"}
    assert set(DECISION.model_dump()) == asked | {"threshold", "reason", "model", "timings_ms"}
    assert list(DECISION.image.model_dump()) == ["bucket", "key", "version_id", "sha256"]
    assert DECISION.model_dump(mode="json")["outcome"] == "review"


@pytest.mark.parametrize("change", [{"confidence": 1.2}, {"threshold": -0.1}, {"confidence": "high"}, {"surprise": 1}])
def test_what_breaks_a_contract_is_refused(change):
    with pytest.raises(ValidationError):
        Prediction.model_validate(PREDICTION.model_dump() | change)


def test_an_unknown_outcome_is_refused():
    with pytest.raises(ValidationError, match="routed"):
        Decision.model_validate(DECISION.model_dump() | {"outcome": "lost"})


def test_contracts_can_not_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        DECISION.outcome = Outcome.ROUTED  # pyright: ignore[reportAttributeAccessIssue]


def test_a_decision_id_stays_the_same_for_ever():
    # Written down: idempotency and old records depend on it.
    assert decision_id("bucket", "incoming/vehicle/a.jpg", "v1", "vehicle") == "ea7a9049-05a4-5e88-bd82-69731cdede29"


_PART = st.none() | st.text(max_size=12)


@given(one=st.tuples(_PART, _PART, _PART, _PART), other=st.tuples(_PART, _PART, _PART, _PART))
def test_a_decision_id_belongs_to_one_picture(one, other):
    assert (decision_id(*one) == decision_id(*other)) == (one == other)
    assert uuid.UUID(decision_id(*one)).version == 5


def test_parts_can_not_run_together():
    assert decision_id("a/b", "c", None, None) != decision_id("a", "b/c", None, None)
    assert decision_id("a", None, "b", None) != decision_id("a", "b", None, None)
    assert decision_id("-", None, None, None) != decision_id(None, None, None, None)
