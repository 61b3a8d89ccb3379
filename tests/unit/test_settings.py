import re

import pytest

from signpost.errors import SettingsError
from signpost.settings.deployed import for_functions
from signpost.settings.file import Hosting, Settings, load_settings
from tests.conftest import ROOT
from tests.localcloud.elsewhere import elsewhere_settings
from training.recipe import load_recipe

GOOD = """
[app]
default_classifier = "vehicle"

[classifiers.vehicle]
model = "models/vehicle"
[classifiers.vehicle.routes]
near = { labels = ["bicycle"] }
far = { labels = ["motorcycle"], loading_bay = "Bay 2" }
"""


@pytest.fixture
def write(tmp_path):
    def write(text):
        file = tmp_path / "signpost.toml"
        file.write_text(text)
        return file

    return write


def test_a_file_gives_classifiers_with_a_route_for_every_label(write):
    file = write(GOOD)
    settings = load_settings(file)
    vehicle = settings.classifiers["vehicle"]
    assert vehicle.route_of == {"bicycle": "near", "motorcycle": "far"}
    assert vehicle.hosting is Hosting.REALTIME
    assert vehicle.model == file.parent / "models/vehicle"


def test_adding_a_classifier_is_adding_a_table(write):
    more = (
        '[classifiers.dog-breed]\nhosting = "off"\n[classifiers.dog-breed.routes]\ntoys = { labels = ["chihuahua"] }\n'
    )
    settings = load_settings(write(GOOD + more))
    assert list(settings.classifiers) == ["vehicle", "dog-breed"]
    assert list(settings.hosted) == ["vehicle"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '"models/vehicle"',
            '"models/vehicle"\nhosting = "gpu"',
            "classifiers.vehicle.hosting: input should be 'realtime', ",
        ),
        (
            '"models/vehicle"',
            '"models/vehicle"\nhostng = "off"',
            "classifiers.vehicle.hostng: no such key; allowed are model, ",
        ),
        ("near =", "Near_Orders =", "classifiers.vehicle.routes.Near_Orders: allowed are up to 31 lower-case letters"),
        ("near =", "review =", "review is an outcome, so no route can have this name"),
        ('["motorcycle"]', '["bicycle"]', "a label has one route, but these have several: bicycle"),
        (
            'model = "models/vehicle"',
            "",
            'model is missing; allowed is the folder of a model package, or hosting = "off"',
        ),
        (
            'default_classifier = "vehicle"',
            'default_classifier = "cat"',
            "app.default_classifier is 'cat'; allowed are vehicle",
        ),
        ('default_classifier = "vehicle"', "", "app.default_classifier: the key is missing"),
        (
            "[app]",
            "[app]\n[limits]\nmax_bytes = 0\n[app2]",
            "limits.max_bytes: input should be greater than 0 (given: 0)",
        ),
        ("[app]", "[app", "is no TOML"),
        (
            '"models/vehicle"',
            '"models/vehicle"\nendpoint = { min_instances = 3, max_instances = 2 }',
            "classifiers.vehicle.endpoint: min_instances (3) is above max_instances (2)",
        ),
        (
            '"models/vehicle"',
            '"models/vehicle"\nthresholds = { cat = 0.9 }',
            "thresholds name cat; the routes' labels are bicycle, motorcycle",
        ),
        (
            '"models/vehicle"',
            '"models/vehicle"\nhosting = "components"\nendpoint = { update = "canary", min_instances = 1 }',
            'hosting = "components" has no use for endpoint.min_instances, endpoint.update: it has no instance while',
        ),
        (
            '"models/vehicle"',
            '"models/vehicle"\nhosting = "components"\nshadow = { model = "models/vehicle" }',
            'a shadow needs hosting = "realtime"',
        ),
    ],
)
def test_a_wrong_file_says_which_key_what_is_wrong_and_what_is_allowed(write, old, new, said):
    assert old in GOOD
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings(write(GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a" * 31, "the queue '.*' would have 81 characters; AWS allows 80"),
        ("ends-", "allowed are up to 31 lower-case letters"),
        ("ne-ar", "vehicle.ne-ar and vehicle.near differ by hyphens only"),
    ],
)
def test_a_name_that_aws_would_refuse_is_refused_here(write, name, said):
    app = '[app]\nname = "a-name-of-27-characters-long"' if len(name) > 30 else "[app]"
    text = GOOD.replace("[app]", app).replace(
        "[classifiers.vehicle.routes]", f'[classifiers.vehicle.routes]\n{name} = {{ labels = ["x"] }}'
    )
    with pytest.raises(SettingsError, match=said):
        load_settings(write(text))


TRAINING = """
[classifiers.vehicle.training]
archives = ["cifar-100-python.tar.gz"]
"""


def test_a_classifier_with_a_training_table_is_trained_with_a_person_who_approves(write):
    settings = load_settings(write(GOOD + TRAINING))
    assert list(settings.trained) == ["vehicle"]
    assert settings.trained["vehicle"].approval == "manual"
    assert load_settings(write(GOOD)).trained == {}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("instances = 2", 'training: strategy "single" with 2 instances; allowed are "single" with 1 and the others'),
        ('strategy = "multi-worker"', 'strategy "multi-worker" with 1 instances'),
        (
            "spot = true\nmax_runtime_minutes = 60\nmax_wait_minutes = 30",
            "training: max_wait_minutes (30) is below max_runtime_minutes (60), which it includes",
        ),
        ("aproval = true", "classifiers.vehicle.training.aproval: no such key; allowed are archives, instance_type, "),
        ("gate = { accuracy = 1 }", "training.gate.accuracy: no such key; allowed are min_accuracy, "),
        ("gate = { min_accuracy = 97 }", "classifiers.vehicle.training.gate.min_accuracy: input should be less than"),
    ],
)
def test_a_wrong_training_table_says_what_is_allowed(write, more, said):
    with pytest.raises(SettingsError, match=re.escape(said)):
        load_settings(write(GOOD + TRAINING + more))


def test_the_committed_settings_name_the_archives_of_the_recipes():
    for name, training in load_settings(ROOT / "signpost.toml").trained.items():
        data = load_recipe(name).data
        assert set(training.archives) == {data.archive, *data.related}


@pytest.mark.parametrize("archive", ["../secrets.tar.gz", "data/a.tar.gz", ""])
def test_an_archive_is_a_file_name(write, archive):
    with pytest.raises(SettingsError, match=r"classifiers\.vehicle\.training\.archives\.0"):
        load_settings(write(GOOD + TRAINING.replace("cifar-100-python.tar.gz", archive)))


LONG = GOOD.replace("classifiers.vehicle", f"classifiers.{'a' * 31}").replace('= "vehicle"', f'= "{"a" * 31}"')
LONG = LONG.replace("[app]", f'[app]\nname = "{"b" * 20}"')
IN_LAMBDA = LONG.replace('"models/vehicle"', '"models/vehicle"\nhosting = "lambda"')


def test_a_name_that_leaves_no_room_for_the_endpoint_is_refused(write):
    with pytest.raises(SettingsError, match=r"the endpoint 'b+-a+-realtime-m5-large' would have 70 characters; AWS"):
        load_settings(write(LONG))
    assert load_settings(write(IN_LAMBDA)).hosted


def test_a_name_that_leaves_no_room_for_training_jobs_is_refused(write):
    long = IN_LAMBDA + TRAINING.replace("vehicle", "a" * 31)
    with pytest.raises(SettingsError, match=r"the training job '.*' would have 65 characters; AWS allows 63"):
        load_settings(write(long))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("laws", r"contains 'aws', which Cognito does not allow.*allowed are names without aws, amazon, cognito"),
        ("my-amazon", "contains 'amazon'"),
        ("cognito-app", "contains 'cognito'"),
        ("xn--pictures", r"S3 reserves the prefixes xn--, sthree-, amzn-s3-demo-"),
        ("sthree-pictures", "S3 reserves"),
    ],
)
def test_a_name_that_aws_refuses_somewhere_is_refused_before(write, name, reason):
    with pytest.raises(SettingsError, match=f"app: the name.*{reason}"):
        load_settings(write(GOOD.replace("[app]", f'[app]\nname = "{name}"')))


@pytest.mark.parametrize("bucket", ["*", "UPPER", "a/b", ""])
def test_a_source_bucket_is_one_bucket(write, bucket):
    with pytest.raises(SettingsError, match=r"app\.source_buckets\.0"):
        load_settings(write(GOOD.replace("[app]", f'[app]\nsource_buckets = ["{bucket}"]')))


def test_every_fault_is_said_at_once(write):
    text = GOOD.replace("[app]", "[app]\nsize = 3").replace("near =", "NEAR =")
    with pytest.raises(SettingsError) as caught:
        load_settings(write(text))
    assert len(str(caught.value).splitlines()) == 3


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SettingsError, match="can't read"):
        load_settings(tmp_path / "signpost.toml")


def test_what_functions_get_can_be_read_again_whatever_the_hosting(tmp_path):
    file = tmp_path / "signpost.toml"
    file.write_text(elsewhere_settings())
    settings = load_settings(file)
    again = Settings.model_validate_json(for_functions(settings))
    hostings = {name: found.hosting for name, found in again.classifiers.items()}
    assert hostings == {name: found.hosting for name, found in settings.classifiers.items()}
    assert again.review == settings.review
