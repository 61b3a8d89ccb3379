"""The function that routes uploads from the queue: a message is done once something is recorded about its upload."""

import pytest
from aws_lambda_powertools import Logger

from lambdas.uploads.route import route
from signpost.errors import UploadNotRecorded


class Machines:
    """Step Functions, with the end of every execution given."""

    def __init__(self, **ended):
        self.ended, self.started = ended, []

    def start_sync_execution(self, **request):
        self.started.append(request)
        return {"executionArn": "arn:e", **self.ended}


def test_an_upload_is_the_machines_input_as_eventbridge_sent_it():
    machines = Machines(status="SUCCEEDED")
    route('{"detail": {}}', "arn:machine", machines, Logger())
    assert machines.started == [{"stateMachineArn": "arn:machine", "input": '{"detail": {}}'}]


def test_a_fault_that_the_machine_recorded_is_not_routed_again():
    route("{}", "arn:machine", Machines(status="FAILED", error="EndpointUnwell"), Logger())


@pytest.mark.parametrize(
    "ended",
    [
        {"status": "TIMED_OUT"},
        {"status": "FAILED", "error": "NotParked"},
        {"status": "FAILED", "error": "States.Runtime"},
    ],
)
def test_an_upload_of_which_nothing_is_recorded_returns_to_the_queue(ended):
    with pytest.raises(UploadNotRecorded):
        route("{}", "arn:machine", Machines(**ended), Logger())
