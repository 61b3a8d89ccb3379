"""Every state machine that the settings can lead to, for the judges."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from signpost.settings.file import Hosting, Settings, load_settings
from stepfunctions import batch, routing, training, waiting
from tests.conftest import ROOT

Machine = dict[str, Any]


@cache
def every_machine() -> dict[str, Machine]:
    """Build each different machine once; its name says from which settings."""
    committed = load_settings(ROOT / "signpost.toml")
    different: dict[str, Machine] = {"batch": batch.build(committed), "waiting": waiting.build()}
    different |= {"routing": routing.build(committed), "routing of any label": routing.build(_labelled(committed))}
    for hosting in Hosting:
        different[f"routing of {hosting.value}"] = routing.build(_with(committed, hosting))
        different |= {
            f"training of {hosting.value}, {words}": training.build(settings, "vehicle")
            for words, settings in _trainings(_with(committed, hosting))
        }
    known: dict[str, str] = {}
    return {name: machine for name, machine in different.items() if known.setdefault(repr(machine), name) == name}


def _labelled(settings: Settings) -> Settings:
    """Name labels in other scripts, which are in conditions and in names of states."""
    classifiers = dict(settings.classifiers)
    routes = classifiers["vehicle"].routes
    labels = dict(zip(routes, ("自行车", "мото цикл-é"), strict=True))
    named = {name: route.model_copy(update={"labels": [labels[name]]}) for name, route in routes.items()}
    classifiers["vehicle"] = classifiers["vehicle"].model_copy(update={"routes": named})
    return settings.model_copy(update={"classifiers": classifiers})


def _with(settings: Settings, hosting: Hosting) -> Settings:
    vehicle = settings.classifiers["vehicle"].model_copy(update={"hosting": hosting})
    dog_breed = settings.classifiers["dog-breed"]
    return settings.model_copy(update={"classifiers": {"vehicle": vehicle, "dog-breed": dog_breed}})


def _trainings(settings: Settings) -> Iterator[tuple[str, Settings]]:
    vehicle = settings.classifiers["vehicle"]
    for approval in ("manual", "automatic"):
        for spot in (True, False):
            training_ = vehicle.training.model_copy(update={"approval": approval, "spot": spot})
            changed = vehicle.model_copy(update={"training": training_})
            yield f"{approval}, spot {spot}", settings.model_copy(update={"classifiers": {"vehicle": changed}})
