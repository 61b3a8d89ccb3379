"""What people said, in the index; the files that it comes from are what counts."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from signpost.capture.corrections import Correction, Corrections, Withdrawal, settle


def note_correction(database: sqlite3.Connection, line: Correction | Withdrawal, file: str) -> None:
    """Remember what a line says, and what holds now of its decision."""
    correction = line.withdrawn if isinstance(line, Withdrawal) else line
    said, withdrawn = correction.said, isinstance(line, Withdrawal)
    values = (said.correction_id, file, said.decision_id, said.by, said.at.isoformat(), withdrawn)
    database.execute("INSERT INTO said VALUES (?, ?, ?, ?, ?, ?, ?)", (*values, line.model_dump_json(by_alias=True)))
    resettle(database, [said.decision_id])


def standing(database: sqlite3.Connection, decisions: Iterable[str]) -> Corrections:
    """Say what holds of some decisions."""
    lines: list[Correction | Withdrawal] = []
    for decision in decisions:
        for withdrawn, line in database.execute("SELECT withdrawn, line FROM said WHERE decision_id = ?", (decision,)):
            lines.append((Withdrawal if withdrawn else Correction).model_validate_json(line))
    return settle(lines)


def last_of(database: sqlite3.Connection, person: str) -> list[Correction]:
    """Give a person's last act: the corrections that were made at once and are not taken back."""
    rows = database.execute(
        """
        SELECT line, at FROM said WHERE person = ? AND withdrawn = 0 AND NOT EXISTS (
            SELECT 1 FROM said AS gone WHERE gone.correction_id = said.correction_id AND gone.withdrawn = 1
        ) ORDER BY at DESC
        """,
        (person,),
    )
    act: list[Correction] = []
    for row in rows:
        correction = Correction.model_validate_json(row["line"])
        if act and correction.said.at != act[0].said.at:
            break
        act.append(correction)
    return act


def replaced_by(database: sqlite3.Connection, correction: Correction) -> Correction | None:
    """Give what its person had said of the picture before, which was withdrawn in the same act."""
    rows = database.execute(
        "SELECT line FROM said WHERE decision_id = ? AND person = ? AND withdrawn = 1",
        (correction.said.decision_id, correction.said.by),
    )
    withdrawals = [Withdrawal.model_validate_json(row["line"]) for row in rows]
    return next((line.withdrawn for line in withdrawals if line.at == correction.said.at), None)


def resettle(database: sqlite3.Connection, decisions: Iterable[str]) -> None:
    """Write into the records what holds of them now."""
    for decision in decisions:
        labels = standing(database, [decision]).labels(decision)
        truth = next(iter(labels)) if len(labels) == 1 else None
        database.execute(
            """
            UPDATE records SET truth = :truth, conflict = :conflict,
                opinion = (SELECT label FROM opinions WHERE decision_id = :decision)
            WHERE decision_id = :decision
            """,
            {"truth": truth, "conflict": len(labels) > 1, "decision": decision},
        )
