import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpost.errors import PictureError
from signpost.routing.events import check, read_event
from tests.samples import sample_event


@pytest.mark.parametrize(
    ("name", "key", "classifier"),
    [
        ("picture.json", "uploads/bicycle.jpg", "vehicle"),
        ("picture-for-classifier.json", "uploads/bicycle.jpg", "vehicle"),
        ("scones-workflow.json", "test/bicycle_s_000513.png", "vehicle"),
        ("s3-object-created.json", "incoming/vehicle/bicycle.jpg", "vehicle"),
        ("s3-notification.json", "uploads/a bé+.jpg", "vehicle"),
    ],
)
def test_every_form_of_event_names_the_picture(name, key, classifier):
    request = check(read_event(sample_event(name), default_classifier="vehicle"))
    assert (request.s3_bucket, request.s3_key, request.classifier) == ("BUCKET", key, classifier)


def test_an_upload_is_for_the_classifier_of_its_folder_and_of_its_exact_version():
    event = sample_event("s3-object-created.json")
    event["detail"]["object"]["key"] = "incoming/dog-breed/rex.jpg"
    request = check(read_event(event, default_classifier="vehicle"))
    assert request.classifier == "dog-breed"
    assert request.version_id == "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"


@pytest.mark.parametrize("key", ["incoming/dog-breed/rex.jpg", "incoming/dog-breed/api/1"])
def test_a_key_names_its_classifier_in_every_event_unless_the_event_does(key):
    asked = read_event({"s3_bucket": "b", "s3_key": key}, default_classifier="vehicle")
    assert asked.classifier == "dog-breed"
    asked = read_event({"s3_bucket": "b", "s3_key": key, "classifier": "vehicle"}, default_classifier="dog-breed")
    assert asked.classifier == "vehicle"


@pytest.mark.parametrize(
    "key", ["uploads/dog-breed/rex.jpg", "dog-breed/rex.jpg", "incoming/rex.jpg", "incoming//rex.jpg"]
)
def test_a_key_elsewhere_names_no_classifier(key):
    assert read_event({"s3_bucket": "b", "s3_key": key}, default_classifier="vehicle").classifier == "vehicle"


def test_a_notification_of_several_objects_is_refused_with_a_sentence():
    event = sample_event("s3-notification.json")
    event["Records"] *= 3
    with pytest.raises(PictureError, match=r"has 3 records; allowed is .* notification of one object") as caught:
        check(read_event(event, default_classifier="vehicle"))
    assert caught.value.code == "several_records"


def test_a_notification_names_the_exact_version():
    event = sample_event("s3-notification.json")
    assert check(read_event(event, default_classifier="vehicle")).version_id == "096fKKXTRTtl3on89fVO.nfljtsv6qko"
    event["Records"][0]["s3"]["object"]["key"] = "%FF"  # no UTF-8
    assert read_event(event, default_classifier="vehicle").key is None


def test_an_upload_beside_the_classifiers_folders_is_for_the_default_one():
    event = sample_event("s3-object-created.json")
    event["detail"]["object"]["key"] = "incoming/bicycle.jpg"
    assert read_event(event, default_classifier="vehicle").classifier == "vehicle"


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ({}, "empty_request"),
        (None, "empty_request"),
        ([], "empty_request"),
        ({"image_data": ""}, "empty_request"),
        ({"s3_bucket": "b"}, "missing_key"),
        ({"s3_bucket": "b", "s3_key": ""}, "missing_key"),
        ({"s3_bucket": "b", "s3_key": 7}, "missing_key"),
        ({"s3_key": "k"}, "missing_bucket"),
        ({"source": "aws.s3", "detail": {"bucket": "b"}}, "empty_request"),
        ({"s3_bucket": "b", "s3_key": "k" * 1025}, "missing_key"),
        ({"s3_bucket": "b", "s3_key": "\ud800"}, "missing_key"),
        ({"s3_bucket": "b", "s3_key": "a\uffff"}, "missing_key"),
        ({"s3_bucket": "b", "s3_key": "k", "classifier": ["vehicle"]}, "unknown_classifier"),
        ({"s3_bucket": "b", "s3_key": "k", "classifier": "v" * 90_000}, "unknown_classifier"),
    ],
)
def test_an_event_without_a_picture_has_a_code_and_says_what_is_allowed(event, code):
    with pytest.raises(PictureError, match="allowed is") as caught:
        check(read_event(event, default_classifier="vehicle"))
    assert caught.value.code == code


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["s3_bucket", "s3_key", "detail", "source"]), inner)
    ),
)


@given(json_values)
def test_no_event_whatsoever_raises_anything_else(event):
    try:
        check(read_event(event, default_classifier="vehicle"))
    except PictureError as error:
        assert error.message
