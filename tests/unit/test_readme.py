import re

import pytest

from signpost.cost.prices import ALARM_MONTH
from signpost.cost.pricing import idle_terms, picture_terms, table, total
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_costs_in_the_readme_are_those_of_the_price_list():
    shown = README.split("<!-- costs -->")[1].split("<!-- /costs -->")[0].strip()
    assert shown == table()


def test_without_an_instance_only_alarms_cost_anything_while_idle():
    one, two = (EndpointSettings(min_instances=instances) for instances in (1, 2))
    assert total(idle_terms(Hosting.REALTIME, two)) > 160 > total(idle_terms(Hosting.REALTIME, one)) > 80
    for hosting in (Hosting.SERVERLESS, Hosting.ASYNC, Hosting.COMPONENTS, Hosting.LAMBDA):
        assert {term.price for term in idle_terms(hosting, one)} == {ALARM_MONTH}
        assert total(idle_terms(hosting, one)) < 1.1


def test_a_serverless_endpoint_costs_by_its_memory():
    two, four = (total(picture_terms(Hosting.SERVERLESS, serverless_gb=size)) for size in (2, 4))
    assert four > two


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        *(f"docs/{name}.md" for name in ("routing", "local-cloud", "cost", "serving", "api", "review", "data")),
    ],
)
def test_every_link_to_a_file_leads_somewhere(document):
    file = ROOT / document
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text()):
        assert (file.parent / target).exists(), target


def test_every_reason_code_is_documented():
    documented = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/routing.md").read_text()))
    sources = [*(ROOT / "signpost").rglob("*.py"), *(ROOT / "lambdas").rglob("*.py")]
    pattern = re.compile(r'(?:PictureError\(|Reason\(\s*code=)\s*"([a-z_]+)"')
    used = {code for file in sources for code in pattern.findall(file.read_text())}
    assert used
    assert used <= documented
