import re

import pytest

from signpost.pricing import idle_per_month, per_1000_pictures, table
from signpost.settings import Hosting
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()


def test_the_costs_in_the_readme_are_those_of_the_price_list():
    shown = README.split("<!-- costs -->")[1].split("<!-- /costs -->")[0].strip()
    assert shown == table()


def test_only_an_instance_costs_anything_while_idle():
    assert idle_per_month(Hosting.REALTIME, "ml.m5.large", instances=2) > idle_per_month(Hosting.REALTIME) > 80
    assert [idle_per_month(hosting) for hosting in (Hosting.SERVERLESS, Hosting.ASYNC, Hosting.LAMBDA)] == [0, 0, 0]


def test_a_serverless_endpoint_costs_by_its_memory():
    assert per_1000_pictures(Hosting.SERVERLESS, serverless_gb=4) > per_1000_pictures(
        Hosting.SERVERLESS, serverless_gb=2
    )


@pytest.mark.parametrize("document", ["README.md", "docs/routing.md", "docs/local-cloud.md"])
def test_every_link_to_a_file_leads_somewhere(document):
    file = ROOT / document
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", file.read_text()):
        assert (file.parent / target).exists(), target


def test_every_reason_code_is_documented():
    documented = set(re.findall(r"`([a-z_]+)`", (ROOT / "docs/routing.md").read_text()))
    sources = [*(ROOT / "signpost").glob("*.py"), *(ROOT / "lambdas").rglob("*.py")]
    pattern = re.compile(r'(?:PictureError\(|Reason\(\s*code=)\s*"([a-z_]+)"')
    used = {code for file in sources for code in pattern.findall(file.read_text())}
    assert used
    assert used <= documented
