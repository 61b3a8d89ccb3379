"""``signpost.toml`` and its types: the one file that a user edits."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from signpost.errors import SettingsError
from signpost.settings.api import ApiSettings
from signpost.settings.app import AppSettings
from signpost.settings.endpoint import EndpointSettings, endpoint_name
from signpost.settings.explain import explain, validate_strictly
from signpost.settings.functions import FunctionsSettings
from signpost.settings.hosting import Hosting
from signpost.settings.limits import LimitSettings
from signpost.settings.review import ReviewSettings
from signpost.settings.shadow import ShadowSettings
from signpost.settings.training import TrainingSettings
from signpost.settings.types import Label, Name, PlainText, Probability

# Training jobs, models and endpoint configurations are named app, classifier, and this many digits of a hash.
JOB_DIGITS = 12


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BatchSettings(_Table):
    """How the batch machine works; ``max_concurrency`` pictures are routed at a time."""

    max_concurrency: int = Field(default=20, ge=1, le=1000)


class Route(_Table):
    """Where the pictures of some labels go."""

    labels: list[Label] = Field(min_length=1)
    loading_bay: PlainText = ""


_NO_USE_FOR_COMPONENTS = {"min_instances", "memory_mb", "max_concurrency", "capture_percent", "capture", "update"}


class Classifier(_Table):
    """A model plus a table of routes."""

    model: Path | None = None
    hosting: Hosting = Hosting.REALTIME
    routes: dict[Name, Route] = Field(min_length=1)
    thresholds: dict[Label, Probability] = Field(default_factory=dict)
    endpoint: EndpointSettings = EndpointSettings()
    training: TrainingSettings | None = None
    shadow: ShadowSettings | None = None

    @property
    def route_of(self) -> dict[str, str]:
        """Route of every label."""
        return {label: route for route, table in self.routes.items() for label in table.labels}

    @model_validator(mode="after")
    def _consistent(self) -> Classifier:
        labels = [label for route in self.routes.values() for label in route.labels]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"a label has one route, but these have several: {', '.join(twice)}")
        if unknown := sorted(set(self.thresholds) - set(labels)):
            raise ValueError(
                f"thresholds name {', '.join(unknown)}; the routes' labels are {', '.join(sorted(labels))}"
            )
        if reserved := {"review", "rejected"} & set(self.routes):
            raise ValueError(f"{', '.join(sorted(reserved))} is an outcome, so no route can have this name")
        if self.hosting is not Hosting.OFF and self.model is None:
            raise ValueError('model is missing; allowed is the folder of a model package, or hosting = "off"')
        captured = self.endpoint.capture_percent and set(self.endpoint.capture) == {"input", "output"}
        useless = _NO_USE_FOR_COMPONENTS & self.endpoint.model_fields_set
        if self.hosting is Hosting.COMPONENTS and useless:
            raise ValueError(
                f'hosting = "components" has no use for endpoint.{", endpoint.".join(sorted(useless))}: it has no '
                "instance while no pictures come, captures no data, and updates copy by copy; remove it"
            )
        if self.shadow and not (self.hosting is Hosting.REALTIME and captured):
            raise ValueError('a shadow needs hosting = "realtime", and input and output captured to compare them')
        return self


class Settings(_Table):
    """The whole file."""

    app: AppSettings
    limits: LimitSettings = LimitSettings()
    batch: BatchSettings = BatchSettings()
    api: ApiSettings = ApiSettings()
    functions: FunctionsSettings = FunctionsSettings()
    review: ReviewSettings = ReviewSettings()
    classifiers: dict[Name, Classifier] = Field(min_length=1)

    def classifier(self, name: str | None) -> Classifier:
        """Look up a classifier; None is the default one.

        Raises
        ------
        SettingsError
            If there is none of this name.
        """
        found = self.classifiers.get(name or self.app.default_classifier)
        if not found:
            raise SettingsError(f"there is no classifier {name!r}; signpost.toml has {', '.join(self.classifiers)}")
        return found

    @property
    def hosted(self) -> dict[str, Classifier]:
        """The classifiers that have a model to ask."""
        return {name: c for name, c in self.classifiers.items() if c.hosting is not Hosting.OFF}

    @property
    def sleeps(self) -> bool:
        """Whether a classifier's pictures may have to wait until an instance is up."""
        return any(classifier.hosting.sleeps for classifier in self.classifiers.values())

    @property
    def trained(self) -> dict[str, TrainingSettings]:
        """The classifiers that are trained in the cloud."""
        return {name: c.training for name, c in self.classifiers.items() if c.training}

    @model_validator(mode="after")
    def _names_fit_into_aws(self) -> Settings:
        app, seen = self.app.name, dict[str, str]()
        for name, classifier in self.classifiers.items():
            _fits("function", f"{app}-classify-{name}", 64)
            if classifier.hosting.has_endpoint:
                _fits("endpoint", endpoint_name(app, name, classifier.hosting, classifier.endpoint), 63)
            if classifier.training:
                _fits("training job", f"{app}-{name}-{'0' * JOB_DIGITS}", 63)
            for route in classifier.routes:
                _fits("queue", f"{app}-{name}-{route}-dead-letters", 80)
                # CloudFormation's own names have no hyphens.
                twin = seen.setdefault(f"{name}{route}".replace("-", ""), f"{name}.{route}")
                if twin != f"{name}.{route}":
                    raise ValueError(f"{twin} and {name}.{route} differ by hyphens only; rename one")
            for label, route in classifier.route_of.items():
                _fits("state", f"{name}: {label} → {route}", 80)
        return self

    @model_validator(mode="after")
    def _default_exists(self) -> Settings:
        if self.app.default_classifier not in self.classifiers:
            raise ValueError(
                f"app.default_classifier is {self.app.default_classifier!r}; allowed are {', '.join(self.classifiers)}"
            )
        return self


def _fits(kind: str, name: str, limit: int) -> None:
    if len(name) > limit:
        raise ValueError(f"the {kind} {name!r} would have {len(name)} characters; AWS allows {limit}. Shorten a name")


def load_settings(path: Path) -> Settings:
    """Read ``signpost.toml``.

    Parameters
    ----------
    path : Path
        The file; relative model folders are taken from where it lies.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        One line a fault: which key, what is wrong, what is allowed.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"can't read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is no TOML: {error}") from error
    try:
        settings = validate_strictly(Settings, data)
    except ValidationError as error:
        raise SettingsError("\n  ".join([f"{path} is wrong:", *explain(Settings, error)])) from error
    return with_absolute_models(settings, path.resolve().parent)


def with_absolute_models(settings: Settings, folder: Path) -> Settings:
    """Take the models' relative folders from a folder."""

    def absolute(classifier: Classifier) -> Classifier:
        shadow = classifier.shadow
        return classifier.model_copy(
            update={
                "model": folder / classifier.model if classifier.model else None,
                "shadow": shadow.model_copy(update={"model": folder / shadow.model}) if shadow else None,
            }
        )

    classifiers = {name: absolute(classifier) for name, classifier in settings.classifiers.items()}
    return settings.model_copy(update={"classifiers": classifiers})
