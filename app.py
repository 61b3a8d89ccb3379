"""The CDK app: reads ``signpost.toml``, one line per stack.

``-c stage=local`` deploys to the local cloud, ``-c settings=FILE`` takes another file than ``signpost.toml``.
"""

import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from signpost.errors import SignpostError
from signpost.settings.file import load_settings
from signpost.settings.hosted import check_packages
from signpost.terminal.printable import printable_message
from stacks.api import ApiStack
from stacks.constructs.replaced_policies import ReplacedPolicies
from stacks.constructs.trust import SourceAccount
from stacks.image import ImageStack
from stacks.review import ReviewStack
from stacks.routing import RoutingStack
from stacks.stage import aws_stage, local_stage
from stacks.storage import StorageStack
from stacks.training import TrainingStack


def main() -> None:
    """Synthesize every stack."""
    app = cdk.App()
    settings = load_settings(Path(app.node.try_get_context("settings") or Path(__file__).parent / "signpost.toml"))
    check_packages(settings)
    name = settings.app.name
    local = app.node.try_get_context("stage") == "local"
    stage = local_stage() if local else aws_stage()

    def common() -> dict[str, Any]:
        """Return what every stack takes."""
        # The local cloud enforces IAM, and its bootstrap roles may not publish assets: there the rights are the
        # caller's.
        synthesizer = cdk.CliCredentialsStackSynthesizer() if local else None
        return {"settings": settings, "stage": stage, "synthesizer": synthesizer}

    storage = StorageStack(app, f"{name}-storage", **common())
    routing = RoutingStack(app, f"{name}-routing", storage=storage, **common())
    api = ApiStack(app, f"{name}-api", storage=storage, routing=routing, **common())
    if settings.review.deployed:
        ReviewStack(app, f"{name}-review", storage=storage, api=api, **common())
    else:
        cdk.Stack(app, f"{name}-review", synthesizer=common()["synthesizer"])  # empty: see below
    training = TrainingStack(app, f"{name}-training", storage=storage, routing=routing, **common())
    # The CDK deletes a deployed stack that has become empty. This one had the endpoints up to release 0.1.0, and is
    # deleted once nothing invokes them any more.
    former = cdk.Stack(app, f"{name}-inference", synthesizer=common()["synthesizer"])
    former.add_stack_dependency(training)
    if not local:  # where nobody pulls an image
        ImageStack(app, f"{name}-image", settings=settings, stage=stage)

    cdk.Aspects.of(app).add(ReplacedPolicies())
    cdk.Aspects.of(app).add(SourceAccount())
    if not local:  # the same templates; the rules need only be asked once
        cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app, verbose=True))
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except SignpostError as error:
        sys.exit(f"error: {printable_message(str(error))}")
