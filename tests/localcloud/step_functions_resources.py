"""What the state machine tests need before they start: roles, machines, and short ways to run them."""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import policy, trust

State = dict[str, Any]


def task(resource: str, arguments: Any, then: str | None = None, **more: Any) -> State:
    """A state that calls a service; the last one unless it says what comes then."""
    following = {"Next": then} if then else {"End": True}
    return {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "Arguments": arguments, **following, **more}


@dataclass
class Machines:
    """Makes roles and machines, and runs these."""

    cloud: Cloud
    name: str = field(default_factory=lambda: f"m{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.iam = self.cloud.client("iam")
        self.states = self.cloud.client("stepfunctions", max_pool_connections=20)
        self.s3, self.sqs = self.cloud.client("s3"), self.cloud.client("sqs")

    def role(self, *statements: tuple[str, str], service: str = "states.amazonaws.com") -> str:
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if statements:
            self.allow(arn, *statements)
        return arn

    def allow(self, role: str, *statements: tuple[str, str]) -> None:
        self.iam.put_role_policy(RoleName=role.rpartition("/")[2], PolicyName="it", PolicyDocument=policy(*statements))

    def machine(self, role: str, states: dict[str, State], kind: str = "EXPRESS") -> str:
        """A machine that starts with the first state."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        answer = self.states.create_state_machine(name=name, roleArn=role, type=kind, definition=json.dumps(definition))
        return answer["stateMachineArn"]

    def run(self, machine: str, document: Any = None) -> dict[str, Any]:
        """Run it synchronously; the output is parsed."""
        answer = self.states.start_sync_execution(stateMachineArn=machine, input=json.dumps(document or {}))
        return answer | {"output": json.loads(answer["output"])}

    def start(self, machine: str, document: Any = None) -> str:
        """Start an execution and return its ARN."""
        return self.states.start_execution(stateMachineArn=machine, input=json.dumps(document or {}))["executionArn"]

    def ended(self, execution: str) -> dict[str, Any]:
        """The description of an execution once it has ended."""

        def description() -> dict[str, Any] | None:
            found = self.states.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        return wait_for(description, 120)

    def await_failed_attempt(self, execution: str) -> None:
        def failed() -> bool:
            events = self.states.get_execution_history(executionArn=execution)["events"]
            return any(event["type"] == "TaskFailed" for event in events)

        wait_for(failed)

    def queue(self) -> tuple[str, str]:
        """URL and ARN of a new queue."""
        url = self.sqs.create_queue(QueueName=f"{self.name}-{uuid.uuid4().hex[:6]}")["QueueUrl"]
        return url, f"arn:aws:sqs:{self.cloud.region}:{self.cloud.account}:{url.rpartition('/')[2]}"

    def messages(self, url: str) -> list[str]:
        found = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in found]
