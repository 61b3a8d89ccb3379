"""Runs of strategies as a comparison keeps them, made up."""

from datetime import UTC, datetime

from training.compare.result import Evaluation, Quality, RunResult, Usage


def sample_run(
    strategy: str,
    repeat: int,
    *,
    wall: float = 40.0,
    accuracy: float = 0.95,
    others: float = 0.0,
    training_pictures: int = 3840,
    reached: float = 0.93,
) -> RunResult:
    """Give a finished run; ``reached`` is its last accuracy on validation."""
    history = tuple(
        Evaluation(
            lesson="fine-tuning", step=6 * n, seconds=wall * n / 20, loss=2.0 / n, accuracy=reached * (1 - 0.6**n)
        )
        for n in range(1, 10)
    )
    last = Evaluation(lesson="fine-tuning", step=60, seconds=wall / 2, loss=0.2, accuracy=reached)
    return RunResult(
        status="done",
        strategy=strategy,
        repeat=repeat,
        seed=6 + repeat,
        started=datetime(2026, 1, 1, tzinfo=UTC),
        usage=Usage(
            wall_seconds=wall,
            cpu_seconds=wall * 1.8,
            others_cpu_seconds=others,
            peak_resident_bytes=1200 << 20,
            loopback_bytes=5 << 20,
        ),
        quality=Quality(
            accuracy=accuracy,
            accuracy_95=(accuracy - 0.03, min(1.0, accuracy + 0.03)),
            macro_f1=accuracy - 0.01,
            test_pictures=200,
            training_pictures=training_pictures,
            fingerprint="f",
            revision="0123456",
            history=(*history, last),
        ),
    )


def failed_run(strategy: str, repeat: int) -> RunResult:
    """Give a run that failed."""
    done = sample_run(strategy, repeat)
    return done.model_copy(update={"status": "failed", "quality": None, "error": "worker 1 was killed by SIGKILL"})
