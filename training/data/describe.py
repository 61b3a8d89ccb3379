"""Says what a model was trained and measured on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.data.catalogue import is_official
from training.data.download import md5_of
from training.data.likeness import fingerprint
from training.data.parts import TrainingData
from training.data.splits import PARTS
from training.recipe import Recipe

_PHOTOGRAPHS = ("photographs", "photographed_outliers", "unseen_outliers")
_DRAWINGS = ("drawings", "drawn_outliers")


def describe(data: TrainingData, archives: list[Path], recipe: Recipe) -> dict[str, Any]:
    """Say where the pictures come from, how many there are, and on what terms.

    Parameters
    ----------
    data : TrainingData
    archives : list of Path
        What they were read from.
    recipe : Recipe

    Returns
    -------
    dict
        For the manifest's ``data``.
    """
    parts = {part: vars(getattr(data, part)) for part in PARTS}
    counts = {part: {group: len(split.labels) for group, split in groups.items()} for part, groups in parts.items()}

    def used(groups: tuple[str, ...]) -> str:
        return "; ".join(
            f"{part} " + ", ".join(f"{found[group]:,} {group.replace('_', ' ')}" for group in groups)
            for part, found in counts.items()
        )

    drawn = {
        "name": "drawn pictures",
        "used": used(_DRAWINGS),
        "terms": "drawn by this project's own code",
    }
    photographs = {"name": recipe.card.source, "used": used(_PHOTOGRAPHS), "terms": recipe.card.terms}
    sources = [photographs, *([drawn] if recipe.data.drawn_train else []), *_corrections(data.corrected)]
    return {
        "sources": sources,
        "counts": counts,
        "corrected": data.corrected,
        "split": data.split,
        "unseen_classes": list(data.unseen),
        "archives": [_archive(path) for path in dict.fromkeys(archives)],
        "fingerprint": fingerprint({f"{part}/{name}": split for part in parts for name, split in parts[part].items()}),
    }


def _corrections(counts: dict[str, int]) -> list[dict[str, str]]:
    """Describe the corrected images, which are among the photographs and outliers of the train part."""
    if not any(counts.values()):
        return []
    used = "train " + ", ".join(f"{count:,} {label}" for label, count in counts.items())
    return [{"name": "captured images with corrected labels", "used": used, "terms": "the users' own images"}]


def _archive(path: Path) -> dict[str, Any]:
    return {
        "file": path.name,
        "md5": md5_of(path) if path.is_file() else None,
        "official": path.is_file() and is_official(path),
    }
