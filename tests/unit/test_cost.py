"""What routing costs: sums, loads, break-even points, and the comparison with an existing project."""

import pytest
from typer.testing import CliRunner

from cli.main import app
from signpost.cost import prices, report
from signpost.cost.break_even import ASKED_SHARE, break_evens, cheapest, fifths
from signpost.cost.existing import existing
from signpost.cost.model import DAY, FLAT, HOSTINGS, cost, largest_rate
from signpost.cost.prices import AS_OF, NOT_READ, PRICES
from signpost.errors import SettingsError
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.file import load_settings
from signpost.settings.hosting import Hosting
from tests.conftest import ROOT

VEHICLE = load_settings(ROOT / "signpost.toml").classifier("vehicle").endpoint
# An instance that does much more than the functions: the break-even points with the others come into reach.
STRONG = EndpointSettings(invocations_per_instance=600_000, max_instances=2)
GUIDE = (ROOT / "docs" / "cost.md").read_text()


def dollars(text: str) -> float:
    return float(text.removeprefix("$").replace(",", ""))


def run(*arguments: str):
    return CliRunner().invoke(app, ["cost", *arguments])


@pytest.mark.parametrize("hosting", HOSTINGS)
@pytest.mark.parametrize("shape", [FLAT, DAY])
def test_the_lines_of_a_sum_add_up_to_the_month(hosting: Hosting, shape: tuple[float, ...]):
    of = cost(hosting, VEHICLE, 0.1, shape)
    by_hand = sum(term.quantity * term.price.dollars for term in of.terms)
    assert of.month == pytest.approx(by_hand)
    assert sum(term.dollars for term in of.terms_per_1000) == pytest.approx(by_hand / (0.1 * 3600 * 730) * 1000)


@pytest.mark.parametrize("hosting", [Hosting.SERVERLESS, Hosting.LAMBDA])
def test_twice_the_pictures_cost_twice_beyond_what_a_month_costs_anyway(hosting: Hosting):
    # 0.3 and 0.6 a second are both traced whole.
    one, two = cost(hosting, VEHICLE, 0.3), cost(hosting, VEHICLE, 0.6)
    anyway = sum(t.dollars for t in one.terms if t.price in (prices.METRIC_MONTH, prices.ALARM_MONTH))
    assert two.month - anyway == pytest.approx(2 * (one.month - anyway))


def test_a_realtime_endpoint_has_the_instances_that_each_hour_needs():
    # One serves 50 pictures a second.
    def instances(rate: float, shape: tuple[float, ...] = FLAT) -> float:
        terms = cost(Hosting.REALTIME, VEHICLE, rate, shape).terms
        return sum(t.quantity for t in terms if t.price in prices.INSTANCE_HOUR.values()) / 730

    assert [instances(rate) for rate in (0.1, 50, 51, 101)] == pytest.approx([1, 1, 2, 3])
    # The hours of 44, 42, 50 and 40 a second have one, so all have.
    assert instances(20, DAY) == pytest.approx(1)
    # 17, 22, 19, 21, 25 and 20 tenths of 30 a second are above 50.
    assert instances(30, DAY) == pytest.approx((24 + 6) / 24)


def test_a_load_beyond_all_instances_is_said_to_be_not_served():
    assert cost(Hosting.REALTIME, VEHICLE, 200).lacking == 0
    assert cost(Hosting.REALTIME, VEHICLE, 201).lacking == 1
    assert cheapest((Hosting.REALTIME, Hosting.LAMBDA), STRONG, 30_000) is Hosting.LAMBDA
    assert "+1 instances" in run("--rate", "201").output


@pytest.mark.parametrize(("hosting", "minutes"), [(Hosting.ASYNC, 25), (Hosting.COMPONENTS, 35)])
def test_what_sleeps_is_up_as_long_as_pictures_come(hosting: Hosting, minutes: int):
    def hours(rate: float) -> float:
        return sum(t.quantity for t in cost(hosting, VEHICLE, rate).terms if t.price in prices.INSTANCE_HOUR.values())

    # So seldom that none finds the instance of another.
    seldom = 1e-6
    assert hours(seldom) == pytest.approx(seldom * 3600 * 730 * minutes / 60, rel=0.01)
    assert hours(1) == pytest.approx(730)


def test_what_the_busiest_hour_of_an_async_endpoint_adds_stays_as_long_as_pictures_come():
    terms = cost(Hosting.ASYNC, VEHICLE, 30, DAY).terms  # 75 a second at 19 o'clock; one serves 50
    hours = sum(t.quantity for t in terms if t.price in prices.INSTANCE_HOUR.values())
    assert hours == pytest.approx(2 * 730)


def test_the_curve_of_the_day_has_the_same_mean():
    assert sum(DAY) / len(DAY) == pytest.approx(1)
    assert cost(Hosting.LAMBDA, VEHICLE, 0.1, DAY).month == pytest.approx(cost(Hosting.LAMBDA, VEHICLE, 0.1).month)


@pytest.mark.parametrize("shape", [FLAT, DAY])
@pytest.mark.parametrize(
    ("one", "other", "endpoint"),
    [(Hosting.REALTIME, Hosting.ASYNC, VEHICLE), (Hosting.REALTIME, Hosting.LAMBDA, STRONG)],
)
def test_both_cost_the_same_at_the_break_even(
    one: Hosting, other: Hosting, endpoint: EndpointSettings, shape: tuple[float, ...]
):
    found = break_evens((one, other), endpoint, largest_rate(endpoint, shape), shape)
    assert [hosting for _, hosting in found[:2]] == [other, one]
    at = found[1][0]
    assert cost(one, endpoint, at, shape).month == pytest.approx(cost(other, endpoint, at, shape).month, rel=1e-4)
    assert cost(one, endpoint, at * 0.99, shape).month > cost(other, endpoint, at * 0.99, shape).month
    assert cost(one, endpoint, at * 1.01, shape).month < cost(other, endpoint, at * 1.01, shape).month


def test_where_nothing_changes_there_is_no_break_even():
    assert len(break_evens(HOSTINGS, VEHICLE, largest_rate(VEHICLE))) == 1
    for rate in (0.001, 0.1, 1, 50, 200):
        assert cheapest(HOSTINGS, VEHICLE, rate) is Hosting.LAMBDA


def test_the_existing_project_is_summed_by_hand():
    pictures = 0.1 * 3600 * 730
    functions = pictures * (3 * 0.2e-6 + 0.36 * 0.125 * 0.0000166667)
    rest = pictures * (5e-6 + 0.4e-6 + 1.2 / 2**20 * 0.5)
    assert existing(0.1).month == pytest.approx(730 * 0.115 + pictures * 4 * 25e-6 + functions + rest)


@pytest.mark.parametrize("rate", [0.1, 1])
def test_without_an_instance_ours_is_at_most_a_fifth(rate: float):
    for hosting in (Hosting.LAMBDA, Hosting.SERVERLESS):
        assert cost(hosting, VEHICLE, rate).month <= existing(rate).month / 5
    assert run("--rate", str(rate)).output.count(" yes ") == 2


def test_at_two_pictures_a_second_it_is_more_than_a_fifth_and_said_so():
    ours, theirs = cost(Hosting.LAMBDA, VEHICLE, 2), existing(2)
    assert ASKED_SHARE * theirs.month < ours.month < 0.3 * theirs.month
    assert run("--rate", "2").output.count(" NO ") == 5


def test_a_fifth_is_reached_up_to_the_rate_that_is_named():
    [(_, below), (at, above)] = fifths(Hosting.LAMBDA, VEHICLE, largest_rate(VEHICLE))
    assert (below, above) == (True, False)
    assert cost(Hosting.LAMBDA, VEHICLE, at).month == pytest.approx(existing(at).month / 5, rel=1e-4)


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "inf"])
def test_a_rate_that_is_none_is_refused_with_what_is_allowed(rate: str):
    answer = run("--rate", rate)
    assert isinstance(answer.exception, SettingsError)
    assert rate in str(answer.exception)
    assert "above 0" in str(answer.exception)


def test_an_unknown_classifier_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=r"'cat'.*vehicle, dog-breed"):
        raise run("--rate", "1", "--classifier", "cat").exception


def test_an_instance_without_a_price_is_refused_with_those_there_are():
    with pytest.raises(SettingsError, match=r"'ml\.x1\.large'.*ml\.m5\.large"):
        cost(Hosting.REALTIME, EndpointSettings(instance_type="ml.x1.large"), 1)


@pytest.mark.parametrize("rate", [0.1, 1.0])
def test_what_is_printed_adds_up(rate: float):
    _, *rows = report.sum_rows(VEHICLE, rate)
    starts = [i for i, row in enumerate(rows) if not row[1]]
    sums = {rows[i][0]: dollars(rows[i][3]) for i in starts}
    lines = {
        rows[i][0]: sum(dollars(row[3]) for row in rows[i + 1 : end])
        for i, end in zip(starts, [*starts[1:], len(rows)], strict=True)
    }
    for name, shown in sums.items():
        base = sums["every hosting"] if "with those" in name else 0
        assert shown == pytest.approx(base + lines[name], abs=1e-4), name


def test_without_a_classifier_the_default_one_is_meant():
    answer = run("--rate", "1")
    assert answer.exit_code == 0
    assert answer.output == run("--rate", "1", "--classifier", "vehicle").output
    assert AS_OF in answer.output


def test_every_price_has_a_source_and_says_where_it_was_read():
    assert len({price.unit for price in PRICES}) == len(PRICES)
    for price in PRICES:
        assert price.dollars > 0
        assert price.source.startswith("https://aws.amazon.com/")
        assert price.read
    used = {t.price for h in HOSTINGS for t in (*cost(h, VEHICLE, 1).terms, *existing(1).terms)}
    assert used <= set(PRICES)


def test_the_guide_says_which_prices_were_read_nowhere():
    for price in PRICES:
        assert f"| {price.unit} |" in GUIDE
    assert GUIDE.count(NOT_READ) == sum(price.read == NOT_READ for price in PRICES)


@pytest.mark.parametrize(("name", "text"), list(report.guide(VEHICLE).items()))
def test_the_guide_shows_what_the_command_shows(name: str, text: str):
    shown = GUIDE.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0].strip()
    assert shown == text
