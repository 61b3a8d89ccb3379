"""The settings as functions get them that need all of them: a file beside their code, with the packages' parts."""

from __future__ import annotations

from pathlib import Path

from signpost.settings.file import Settings, with_absolute_models

FILE = "settings.json"


def package_folder(classifier: str) -> str:
    """Say where a classifier's package lies, beside the file."""
    return f"models/{classifier}"


def for_functions(settings: Settings) -> str:
    """Write them down without what nobody asks there: training, shadows, and where packages lie on this machine."""
    classifiers = {
        name: found.model_copy(
            update={
                "model": Path(package_folder(name)) if found.model else None,
                "shadow": None,
                "training": None,
            }
        )
        for name, found in settings.classifiers.items()
    }
    # Unset fields stay unset: some hostings refuse a field that another has.
    return settings.model_copy(update={"classifiers": classifiers}).model_dump_json(exclude_unset=True)


def read_settings(folder: Path) -> tuple[Settings, str]:
    """Read them, and give their text too."""
    text = (folder / FILE).read_text(encoding="utf-8")
    return with_absolute_models(Settings.model_validate_json(text), folder), text
