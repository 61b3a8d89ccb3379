"""What the report says about made-up runs."""

from collections.abc import Sequence

from tests.unit.sample_runs import failed_run, sample_run
from training.compare.result import RunResult
from training.compare.summary import Findings, summarise
from training.compare.tables import tables
from training.compare.words import words

CORES = 2


def findings(runs: Sequence[RunResult], target: float = 0.9) -> Findings:
    names = tuple(dict.fromkeys(run.strategy for run in runs))
    found = [summarise(name, runs, target=target, workers=2, instance_type="ml.m5.large", jobs=()) for name in names]
    failed = tuple(run for run in runs if not run.quality)
    return Findings(names, tuple(one for one in found if one), failed, target)


def say(runs: Sequence[RunResult], target: float = 0.9) -> str:
    return "\n".join(words(findings(runs, target), CORES))


def three(strategy: str, walls: Sequence[float], accuracies: Sequence[float] = (0.95, 0.96, 0.97)) -> list[RunResult]:
    pairs = zip(walls, accuracies, strict=True)
    return [sample_run(strategy, n, wall=wall, accuracy=right) for n, (wall, right) in enumerate(pairs, start=1)]


def test_a_clear_difference_is_said():
    said = say([*three("single", (40, 41, 42)), *three("multi-worker", (80, 83, 83))])
    assert "single takes the least time on this machine, and every interval says so" in said
    assert "2.00 (1.94 to 2.06) times that of single, which is slower" in said


def test_a_difference_that_repeats_do_not_bear_is_not_claimed():
    said = say([*three("single", (40, 60, 50)), *three("multi-worker", (55, 50, 52))])
    assert "these repeats can't tell it from multi-worker" in said
    assert "slower" not in said
    assert "which 3 repeats can't tell from no difference" in said


def test_accuracy_is_compared_seed_by_seed():
    # GIVEN accuracies that differ more between seeds than between strategies, and always by the same
    runs = [
        *three("single", (40, 41, 42), (0.80, 0.90, 0.97)),
        *three("multi-worker", (40, 41, 42), (0.79, 0.889, 0.959)),
    ]
    # THEN the difference is seen all the same
    said = say(runs)
    assert "multi-worker differs from single in accuracy" in said
    assert "which is worse" in said


def test_one_repeat_says_little():
    said = say([sample_run("single", 1, wall=40), sample_run("multi-worker", 1, wall=80)])
    assert "of which one repeat says little" in said
    assert "slower" not in said


def test_runs_of_different_repeats_are_not_compared():
    said = say([sample_run("single", 1), sample_run("multi-worker", 2)])
    assert "shares no finished repeat with single" in said


def test_a_target_that_some_runs_miss_is_said():
    runs = [sample_run("single", 1, reached=0.99), sample_run("single", 2, reached=0.5)]
    assert "in 1 of 2 runs" in say(runs)
    assert "no run reached 100% on validation" in say(runs, target=1.0)
    results = tables(findings(runs))[0]
    assert results.rows[0][results.header.index("training time to 90%")].endswith("in 1 of 2 runs")


def test_a_failure_is_named_and_has_a_row():
    said = findings([sample_run("single", 1), failed_run("multi-worker", 1)])
    assert "multi-worker, repeat 1, failed: worker 1 was killed by SIGKILL" in words(said, CORES)
    assert all(table.rows[1][:2] == ("multi-worker", "no finished run") for table in tables(said))
    assert all(len(row) == len(table.header) for table in tables(said) for row in table.rows)


def test_nothing_finished_is_nothing_to_compare():
    assert "nothing to compare" in say([failed_run("single", 1)])


def test_a_busy_machine_is_said():
    assert "The machine was busy" not in say([sample_run("single", 1, wall=40, others=3)])
    assert "other programs used up to 1.0 of its 2 cores" in say([sample_run("single", 1, wall=40, others=40)])


def test_a_single_process_shows_what_others_send():
    assert "others sent 128 KiB a second" in say([sample_run("single", 1, wall=40)])
    assert "others sent" not in say([sample_run("multi-worker", 1, wall=40)])


def test_unequal_budgets_are_said():
    runs = [sample_run("single", 1), sample_run("multi-worker", 1, training_pictures=1920)]
    assert "1,920 to 3,840" in say(runs)
    assert "same number" not in say(runs[:1])


def test_shared_cores_and_measured_costs_are_never_left_out():
    said = say([*three("single", (40, 41, 42)), *three("multi-worker", (80, 83, 83))])
    assert "shared the 2 cores of this machine" in said
    assert "not on a bill" in said


def test_many_instances_cost_as_many_times():
    found = findings([sample_run("single", 1, wall=3600), sample_run("multi-worker", 1, wall=3600)])
    assert [one.cost.on_demand.mean for one in found.summaries] == [0.115, 0.23]
    assert "| multi-worker | 2 × ml.m5.large |" in tables(found)[2].markdown()
