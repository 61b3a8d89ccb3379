"""The one exception tree.

::

    SignpostError
    ├── SettingsError         signpost.toml is wrong: which key, what is wrong, what is allowed
    ├── PackageError          a model package is missing, broken or not what its manifest says
    ├── ArchiveError          a tar archive is damaged, too big or holds what it should not
    ├── DatasetError          a folder or archive of pictures can't be used
    ├── TrainingError         a training run failed: which process, what it said
    │   └── TrainingInterrupted  it was told to stop, and saved what it had
    ├── BadBatch              a batch's input or manifest can't be used: names the item, what is allowed
    ├── PictureError          a picture can't be used: becomes the outcome ``rejected``
    ├── DeploymentError       the deployed stacks (or the local cloud) can't be found or used
    ├── RequestError          a request to the API can't be answered: becomes a problem, by its code
    ├── RoutingFault          an execution failed; the picture's reference is in the fault queue
    ├── UploadNotRecorded     an execution ended and left no trace of the upload; its message returns to the queue
    ├── ExecutionFailed       an execution of a training machine ended without a shipped or registered model
    └── EndpointError         the model's endpoint gave no usable answer: a fault
        ├── EndpointUnwell    down or overloaded: worth a retry
        │   └── EndpointThrottled  it takes no more requests now: worth a retry after a longer pause
        ├── EndpointRefused   missing, forbidden or answering nonsense: a retry won't help
        ├── EndpointAsleep    no instance is up yet: asked again minutes later
        └── SmokeTestFailed   it answers, but not what the model package itself says
"""

# The error of an execution whose picture waits in another one until an instance is up.
ASLEEP = "EndpointAsleep"
# Errors of executions that could not put the picture's reference into the fault queue.
NOT_PARKED = ("NotParked", "States.DataLimitExceeded", "States.Runtime")


class SignpostError(Exception):
    """Base of every error that Signpost raises on purpose."""


class SettingsError(SignpostError):
    """``signpost.toml``, or a training recipe, is wrong; the message names the key, the fault and what is allowed."""


class PackageError(SignpostError):
    """A model package is missing, broken or not what its manifest says."""


class IncomparableError(PackageError):
    """A model package is sound, but made for other labels or another size than the pictures to measure it on."""


class ArchiveError(SignpostError):
    """A tar archive is damaged, too big or holds what it should not."""


class DatasetError(SignpostError):
    """A folder or an archive of pictures can't be used."""


class TrainingError(SignpostError):
    """A training run failed."""


class TrainingInterrupted(TrainingError):
    """A training run was told to stop; the next start goes on from its last checkpoint."""


class PictureError(SignpostError):
    """A picture can't be used.

    Parameters
    ----------
    code : str
        Stable reason code, for instance ``truncated_image``.
    message : str
        One plain sentence: what was wrong, what is allowed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class BadBatch(SignpostError):
    """The input of a batch, or its manifest, can't be used; the message names the item and what is allowed."""


class RequestError(SignpostError):
    """A request to the API can't be answered.

    Parameters
    ----------
    code : str
        One of `signpost.api.problems.PROBLEMS`.
    detail : str
        What was wrong, what is allowed, what to do.
    decision_id : str or None
        Where a decision was under way.
    """

    def __init__(self, code: str, detail: str, decision_id: str | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.decision_id = decision_id


class DeploymentError(SignpostError):
    """The deployed stacks, or the local cloud, can't be found or used."""


class RoutingFault(SignpostError):
    """An execution of the routing machine failed.

    Parameters
    ----------
    message : str
        Error and cause.
    parked : bool
        Whether the execution could still put the picture's reference on the fault queue, or leave it to wait.
    waits : bool
        Whether it waits for an instance, and is routed again without anybody's doing.
    """

    def __init__(self, message: str, *, parked: bool, waits: bool = False) -> None:
        super().__init__(message)
        self.parked, self.waits = parked, waits


class EndpointError(SignpostError):
    """The model's endpoint gave no usable answer."""


class EndpointUnwell(EndpointError):
    """The endpoint is down or overloaded: worth a retry."""


class EndpointThrottled(EndpointUnwell):
    """The endpoint takes no more requests for now: worth a retry after a longer pause."""


class EndpointRefused(EndpointError):
    """The endpoint is missing, forbidden or answers nonsense: a retry won't help."""


class EndpointAsleep(EndpointError):
    """The endpoint has no instance yet. It starts one, which takes minutes: longer than a picture's execution lasts."""


class SmokeTestFailed(EndpointError):
    """The endpoint answers, but not what the model package itself says."""


class ExecutionFailed(SignpostError):
    """An execution of a training machine ended without a shipped or registered model; the message says why."""


class UploadNotRecorded(SignpostError):
    """An execution ended and recorded nothing about the upload; its message returns to the queue."""
