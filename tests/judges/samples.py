"""What expressions of the state machines find: inputs, results, errors and variables, in the forms that AWS returns.

An expression is evaluated with every combination of those that it mentions.
"""

import json
from typing import Any

Sample = dict[str, Any]

DECISION = {
    "decision_id": "1c7b6a0e-5f0a-5d3c-9f4e-0b1f6f4f7a11",
    "image": {"bucket": "b", "key": 'a\n"é\u2028\U0001f6b2.jpg', "version_id": None, "sha256": "00ff"},
    "classifier": "vehicle",
    "outcome": "routed",
    "route": "nearby-orders",
    "label": "bicycle",
    "confidence": 0.981204,
    "probabilities": {"bicycle": 0.981204, "motorcycle": 1e-06},
    "threshold": 1.0,
    "reason": None,
    "model": {"name": "vehicle", "version": "20261121.004701"},
    "timings_ms": {"serialize": 21.4, "classify": 0.0, "decode": 123456789.5},
}
REJECTED = {
    **DECISION,
    "outcome": "rejected",
    "label": None,
    "probabilities": {},
    "reason": {"code": "empty_file", "message": "It is empty."},
}
SERIALIZED = {
    "decision_id": DECISION["decision_id"],
    "classifier": "vehicle",
    "image": DECISION["image"],
    "prepared": {"inline": "aGVsbG8="},
    "decision": None,
    "timings_ms": {"serialize": 21.4},
}
RESOURCE = "arn:aws:sagemaker:us-east-1:111122223333"
CONTAINER = {
    "Image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/signpost:1",
    "ModelDataUrl": "s3://models/jobs/vehicle/1/output/model.tar.gz",
    "Environment": {"SIGNPOST_WORKERS": "2"},
}
# The newer way of SageMaker to name the place of a model.
CONTAINER_OF_SOURCE = {
    "Image": CONTAINER["Image"],
    "ModelDataSource": {"S3DataSource": {"S3Uri": "s3://models/1.tar.gz", "S3DataType": "S3Object"}},
    "Environment": {},
}
VARIANT = {
    "VariantName": "AllTraffic",
    "ModelName": "signpost-vehicle-1",
    "InitialInstanceCount": 1,
    "InstanceType": "ml.m7g.large",
    "InitialVariantWeight": 1.0,
}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captured/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
CONFIGURATION = {
    "EndpointConfigName": "signpost-vehicle-1",
    "EndpointConfigArn": f"{RESOURCE}:endpoint-config/signpost-vehicle-1",
    "ProductionVariants": [VARIANT],
    "DataCaptureConfig": CAPTURE,
    "CreationTime": "2026-11-21T14:00:00.000Z",
}
ASYNC_CONFIGURATION = {
    **CONFIGURATION,
    "AsyncInferenceConfig": {
        "OutputConfig": {"S3OutputPath": "s3://captured/async", "S3FailurePath": "s3://captured/async-errors"}
    },
}
JOB = {"TrainingJobName": "signpost-vehicle-0123456789ab", "TrainingJobStatus": "Completed"}
FIGURES = {
    "n": 2000,
    "accuracy": 0.9301,
    "macro_f1": 0.93,
    "ece": 0.0123,
    "review": 1e-07,
    "precision_routed": 1.0,
    "strange": {"routed_by_mistake": 0.0},
}
REPORT = {
    "model": {"name": "vehicle", "version": "20261121.004701"},
    "candidate": FIGURES,
    "production": {**FIGURES, "accuracy": 0.9401, "version": "20261101.000000"},
    "parity": {"changed_decisions": 0.0, "probability_shift": 0.00012},
    "comparison": "It is as good as production.",
}
PACKAGE = f"{RESOURCE}:model-package/signpost-vehicle/1"
FAULT = {"Error": "EndpointUnwell", "Cause": '{"errorMessage": "The endpoint is down.", "errorType": "EndpointUnwell"}'}

INPUTS: list[Any] = [
    {"prefix": "new/"},
    {"images": 0, "key": "batches/items/1.jsonl"},
    {"images": 2, "key": "batches/items/2.jsonl"},
    {"s3_bucket": "b", "s3_key": "incoming/vehicle/é.jpg", "classifier": "vehicle"},
    {"s3_bucket": "b", "s3_key": "incoming/vehicle/"},
    {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": {"key": "incoming/a.jpg"}}},
    {"Records": [{"s3": {"object": {"key": "folder/"}}}, {"s3": {"object": {"key": "a"}}}]},
    {"serialized": SERIALIZED},
    SERIALIZED,
    {"status": "SUCCEEDED", "error": "", "answer": DECISION},
    {"status": "FAILED", "error": "NotParked", "answer": None},
    {"status": "TIMED_OUT", "error": "", "answer": None},
    {"status": "Completed", "detail": "Completed"},
    {"status": "InService", "config": "signpost-vehicle-1", "reason": "no reason given"},
    {"status": "RollingBack", "config": "signpost-vehicle-0123456789ab", "reason": "an alarm"},
    {"status": "Approved", "said": "no reason given"},
    {"packages": []},
    {"packages": [{"ModelPackageArn": PACKAGE}]},
    {"packages": [{"ModelPackageArn": PACKAGE}, {"ModelPackageArn": "other"}]},
    {},
    [],
    "text",
    7,
    None,
]
# Results of tasks, by what they call.
RESULTS: dict[str, list[Sample]] = {
    "lambda:invoke": [
        {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": SERIALIZED},
        {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": {**SERIALIZED, "decision": REJECTED}},
        {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": {"images": 2, "key": "batches/items/2.jsonl"}},
        {"StatusCode": 200, "ExecutedVersion": "$LATEST", "Payload": [1]},
    ],
    "dynamodb:updateItem": [{}],
    "dynamodb:getItem": [
        {},
        {"Item": {"status": {"S": "claimed"}, "lease_until": {"N": "1795269600"}}},
        {"Item": {"status": {"S": "queued"}, "lease_until": {"N": "0"}, "decision": {"S": json.dumps(DECISION)}}},
    ],
    "sqs:sendMessage": [{"MessageId": "1", "MD5OfMessageBody": "00"}],
    "events:putEvents": [{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}],
    "aws-sdk:s3:putObject": [{"ETag": '"00"', "VersionId": "1"}],
    "aws-sdk:sfn:startExecution": [{"ExecutionArn": "arn", "StartDate": "2026-11-21T14:00:00.000Z"}],
    "aws-sdk:sfn:startSyncExecution": [
        {"ExecutionArn": "arn", "Status": "SUCCEEDED", "Output": json.dumps(DECISION)},
        {"ExecutionArn": "arn", "Status": "FAILED", "Error": "EndpointAsleep", "Cause": "no instance"},
        {"ExecutionArn": "arn", "Status": "TIMED_OUT"},
    ],
    "sagemaker:createTrainingJob.sync": [
        {**JOB, "SecondaryStatus": "Completed", "BillableTimeInSeconds": 61},
        {**JOB, "TrainingJobStatus": "Stopped"},
    ],
    "aws-sdk:sagemaker:describeEndpoint": [
        {"EndpointStatus": "InService", "EndpointConfigName": "signpost-vehicle-1"},
        {"EndpointStatus": "Failed", "EndpointConfigName": "signpost-vehicle-2", "FailureReason": "no capacity"},
    ],
    "aws-sdk:sagemaker:describeEndpointConfig": [CONFIGURATION, ASYNC_CONFIGURATION],
    "aws-sdk:sagemaker:describeModel": [
        {"ModelName": "signpost-vehicle-1", "PrimaryContainer": CONTAINER, "EnableNetworkIsolation": True},
        {"ModelName": "signpost-vehicle-1", "PrimaryContainer": CONTAINER_OF_SOURCE, "EnableNetworkIsolation": False},
    ],
    "aws-sdk:sagemaker:listModelPackages": [
        {"ModelPackageSummaryList": []},
        {"ModelPackageSummaryList": [{"ModelPackageArn": PACKAGE, "ModelPackageStatus": "Completed"}]},
    ],
    "aws-sdk:sagemaker:describeModelPackage": [
        {"ModelApprovalStatus": "Approved", "InferenceSpecification": {"Containers": [CONTAINER]}},
        {"ModelApprovalStatus": "Rejected", "ApprovalDescription": "blurred"},
    ],
    "aws-sdk:sagemaker:createModelPackage": [{"ModelPackageArn": PACKAGE}],
    "aws-sdk:sagemaker:updateModelPackage": [{"ModelPackageArn": PACKAGE}],
    "aws-sdk:sagemaker:createModel": [{"ModelArn": f"{RESOURCE}:model/signpost-vehicle-1"}],
    "aws-sdk:sagemaker:createEndpointConfig": [{"EndpointConfigArn": CONFIGURATION["EndpointConfigArn"]}],
    "aws-sdk:sagemaker:updateEndpoint": [{"EndpointArn": f"{RESOURCE}:endpoint/signpost-vehicle"}],
}
ERRORS: list[Any] = [FAULT, {"Error": "States.Timeout"}]
CONTEXTS: list[Any] = [
    {
        "Execution": {
            "Id": "arn:aws:states:us-east-1:111122223333:execution:signpost-batch:1",
            "Name": "1",
            "StartTime": "2026-11-21T14:00:00.000Z",
            "Input": {"s3_bucket": "b", "s3_key": "k", "waited": True},
        },
        "State": {"Name": "any", "EnteredTime": entered},
    }
    for entered in ("2026-11-21T14:00:01.500Z", "2026-11-21T14:05:00Z")
]
VARIABLES: dict[str, list[Any]] = {
    "approved": [[PACKAGE], []],
    "after": ["", " The former model is back."],
    "billable_seconds": [61, None],
    "classifier": ["vehicle", "dog-breed"],
    "config": [CONFIGURATION, ASYNC_CONFIGURATION],
    "container": [CONTAINER, CONTAINER_OF_SOURCE],
    "corrected": [{"images": 3, "conflicts": 0, "skipped": 0}],
    "data": [{"fingerprint": "00ff"}],
    "decision": [DECISION, REJECTED, None],
    "decision_id": [DECISION["decision_id"]],
    "error": ["EndpointAsleep", "NotAnswered"],
    "failures": ["", "accuracy 0.5 is below min_accuracy = 0.9"],
    "fault": [FAULT, {"Error": "States.Timeout"}, {"Error": "E", "Cause": json.dumps(JOB | {"FailureReason": "oom"})}],
    "former_config": ["signpost-vehicle-1"],
    "found": ["queued", "dispatched", "released"],
    "give_up_at": [1795269600000],
    "image": [DECISION["image"], CONTAINER["Image"], None],
    "isolated": [True, False],
    "item": [{"s3_bucket": "b", "s3_key": "incoming/vehicle/é.jpg"}],
    "job": ["signpost-vehicle-0123456789ab", "signpost-vehicle-1"],
    "lease_over": [True, False],
    "model": ["s3://models/jobs/vehicle/1/output/model.tar.gz"],
    "model_package_arn": [PACKAGE],
    "output": ["s3://models/jobs/vehicle/1/output/output.tar.gz"],
    "pause": [5, 7.5, 600],
    "production": ["s3://models/0.tar.gz", None],
    "reference": [{"s3_bucket": "b", "s3_key": "k", "version_id": None}, {}],
    "report": [REPORT, {**REPORT, "production": None}],
    "routes": [{"bicycle": "nearby-orders"}],
    "smoke_test": [{"picture": "known/bicycle/1.png", "label": "bicycle"}],
    "thresholds": [{}],
    "tries": [0, 40],
    "why": ["The endpoint is down."],
}
