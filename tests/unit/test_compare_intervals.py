"""Means with intervals, and what is read from samples and histories."""

import math

import pytest

from training.compare.intervals import MOST_REPEATS, Estimate, estimate, paired_difference, paired_ratio
from training.compare.sampler import Sample
from training.compare.series import make_series
from training.compare.wording import dollars, interval, listing, points, seconds, size


def test_an_interval_is_that_of_students_t():
    # Mean 2, standard deviation 1, n 3: 2 ± 4.303 / √3.
    found = estimate([1.0, 2.0, 3.0], -math.inf)
    assert found.mean == 2
    assert found.low == pytest.approx(2 - 4.303 / math.sqrt(3))
    assert found.high == pytest.approx(2 + 4.303 / math.sqrt(3))


def test_an_interval_is_cut_off_at_what_is_possible():
    found = estimate([0.90, 0.99], highest=1.0)
    assert (found.low, found.high) == (pytest.approx(0.373, abs=0.001), 1.0)


def test_one_repeat_has_no_interval_and_excludes_nothing():
    found = estimate([5.0])
    assert found == Estimate(5.0, None, None, 1)
    assert not found.excludes(100)
    assert interval(found, seconds) == "5.0 s"


def test_many_repeats_come_near_the_normal_distribution():
    values = [1.0, -1.0] * (MOST_REPEATS // 2)
    found = estimate(values, -math.inf)
    assert found.high == pytest.approx(1.96 / math.sqrt(MOST_REPEATS), rel=0.07)


def test_pairs_see_a_difference_that_the_seeds_hide():
    base, other = [10.0, 20.0, 30.0], [11.0, 21.5, 31.2]
    assert paired_difference(other, base).excludes(0)
    assert estimate(other).low < estimate(base).mean < estimate(other).high


def test_a_ratio_is_the_same_both_ways_round():
    one, other = [2.0, 4.2, 5.9], [1.0, 2.0, 3.0]
    there, back = paired_ratio(one, other), paired_ratio(other, one)
    assert there.mean == pytest.approx(1 / back.mean)
    assert there.low == pytest.approx(1 / back.high)
    assert there.excludes(1)


def test_counters_become_rates():
    samples = [
        Sample(2.0, "chief", 1.0, 1 << 30, 4 << 20),
        Sample(2.0, "worker 0", 3.0, 1 << 29, 4 << 20),
        Sample(4.0, "chief", 2.0, 2 << 30, 4 << 20),
    ]
    series = make_series(samples)
    assert series.seconds == [2.0, 4.0]
    assert series.cores["chief"] == [0.5, 0.5]
    assert series.gibibytes["chief"] == [1.0, 2.0]
    assert series.mebibytes_per_second == [2.0, 0.0]
    # A process that is gone leaves a gap.
    assert series.cores["worker 0"][0] == 1.5
    assert math.isnan(series.cores["worker 0"][1])


def test_a_long_run_is_thinned_without_losing_what_it_used():
    samples = [Sample(float(n), "single", 1.5 * n, 1 << 30, 0) for n in range(1, 5000)]
    series = make_series(samples)
    assert len(series.seconds) <= 150
    assert series.cores["single"] == [pytest.approx(1.5)] * len(series.seconds)


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (seconds(9.24), "9.2 s"),
        (seconds(41.4), "41 s"),
        (seconds(750), "12.5 min"),
        (size(900), "900 B"),
        (size(1.5 * 2**30), "1.5 GiB"),
        (size(300 * 2**20), "300 MiB"),
        (dollars(0.0012), "$0.00120"),
        (dollars(1.5), "$1.50"),
        (points(-0.012), "−1.2"),
        (points(0.004), "+0.4"),
        (listing(["a"]), "a"),
        (listing(["a", "b", "c"]), "a, b and c"),
        (interval(Estimate(41, 38, 44, 3), seconds), "41 s (38 s to 44 s)"),
    ],
)
def test_figures_are_written_for_people(written: str, text: str):
    assert written == text
