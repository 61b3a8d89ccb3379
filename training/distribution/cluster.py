"""Which process does what, and where it listens: from hosts to TF_CONFIG."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from signpost.errors import SettingsError
from training.distribution import MULTI_WORKER, SINGLE, STRATEGIES

HOSTS_VARIABLE, CLUSTER_VARIABLE = "SIGNPOST_HOSTS", "TF_CONFIG"
FIRST_PORT = 2222  # TensorFlow's own habit
# Offsets from a host's first port.
_CHIEF, _SERVER, _WORKER, _LINK = range(4)
Role = Literal["chief", "ps", "worker"]


class Task(BaseModel):
    """What one process is."""

    model_config = ConfigDict(frozen=True)

    type: Role
    index: int = Field(ge=0)

    def __str__(self) -> str:
        """Name it in the words of the logs."""
        return "chief" if self.type == "chief" else f"{self.type} {self.index}"


class Cluster(BaseModel):
    """TF_CONFIG: the addresses of every role, and the task of one process. The chief is never called ``master``."""

    model_config = ConfigDict(frozen=True)

    cluster: dict[Role, tuple[str, ...]]
    task: Task

    @property
    def learners(self) -> tuple[Task, ...]:
        """Processes that compute gradients: the workers, and the chief where there is no parameter server."""
        chief = () if "ps" in self.cluster else (Task(type="chief", index=0),)
        return chief + tuple(Task(type="worker", index=index) for index in range(len(self.cluster.get("worker", ()))))

    def to_environment(self) -> str:
        """Give the value of TF_CONFIG."""
        return self.model_dump_json()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Cluster:
        """Read TF_CONFIG.

        Raises
        ------
        SettingsError
            If it is missing or wrong.
        """
        if CLUSTER_VARIABLE not in environment:
            raise SettingsError(
                f"{CLUSTER_VARIABLE} is not set: this strategy needs several processes; start them with "
                "`signpost train CLASSIFIER --strategy NAME --workers N`"
            )
        try:
            return cls.model_validate_json(environment[CLUSTER_VARIABLE])
        except ValidationError as error:
            raise SettingsError(f"{CLUSTER_VARIABLE}: {error}") from error


@dataclass(frozen=True)
class Member:
    """A process to be: its task and the TF_CONFIG that tells it so.

    Attributes
    ----------
    host : int
        Number of its host.
    cluster : Cluster
    """

    host: int
    cluster: Cluster

    @property
    def task(self) -> Task:
        """What it is."""
        return self.cluster.task


def members(strategy: str, hosts: Sequence[str]) -> list[Member]:
    """Decide which processes there are.

    Every host trains. With parameter servers the first host also runs the chief, which gives out the work and judges,
    and the one server, which holds the weights: at these sizes of networks a second server would only add messages.

    Parameters
    ----------
    strategy : str
    hosts : sequence of str
        Address and first port of each host's ports, such as ``127.0.0.1:41000``.

    Returns
    -------
    list of Member
        The chief comes first.

    Raises
    ------
    SettingsError
        If there is more than one host for ``single``.
    """
    if strategy == SINGLE and len(hosts) > 1:
        raise SettingsError(
            f"the strategy {SINGLE!r} takes one worker on one host, not {len(hosts)}; "
            f"with more allowed are {', '.join(name for name in STRATEGIES if name != SINGLE)}"
        )
    if strategy in (SINGLE, MULTI_WORKER):
        cluster = {"chief": [_port(hosts[0], _CHIEF)], "worker": [_port(host, _CHIEF) for host in hosts[1:]]}
        places = {("chief", 0): 0} | {("worker", number - 1): number for number in range(1, len(hosts))}
    else:
        workers = [_port(host, _WORKER) for host in hosts]
        cluster = {"chief": [_port(hosts[0], _CHIEF)], "ps": [_port(hosts[0], _SERVER)], "worker": workers}
        places = {("chief", 0): 0, ("ps", 0): 0} | {("worker", number): number for number in range(len(hosts))}
    there = {role: addresses for role, addresses in cluster.items() if addresses}
    return [
        Member(host, Cluster.model_validate({"cluster": there, "task": {"type": role, "index": index}}))
        for (role, index), host in places.items()
    ]


class Hosts(BaseModel):
    """The hosts of a SageMaker training job, ``resourceconfig.json``."""

    model_config = ConfigDict(frozen=True)

    current_host: str
    hosts: Annotated[tuple[str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _knows_itself(self) -> Hosts:
        if self.current_host not in self.hosts:
            raise ValueError(f"current_host {self.current_host!r} is not one of hosts {', '.join(self.hosts)}")
        return self

    @property
    def ordered(self) -> tuple[str, ...]:
        """Every host in one order that all of them agree on; the first is the chief's."""
        return tuple(sorted(self.hosts, key=lambda host: (len(host), host)))  # algo-2 before algo-10

    @property
    def number(self) -> int:
        """Which of `ordered` this one is."""
        return self.ordered.index(self.current_host)

    def addresses(self, environment: Mapping[str, str]) -> list[str]:
        """Give each host's address and first port: SIGNPOST_HOSTS, or its name and port 2222.

        Parameters
        ----------
        environment : mapping of str to str

        Returns
        -------
        list of str
            In the order of `ordered`.

        Raises
        ------
        SettingsError
            If SIGNPOST_HOSTS doesn't name all hosts.
        """
        if HOSTS_VARIABLE not in environment:
            return [f"{host}:{FIRST_PORT}" for host in self.ordered]
        try:
            given = json.loads(environment[HOSTS_VARIABLE])
            found = [given[host] for host in self.ordered]
            return [_port(address, 0) for address in found]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SettingsError(
                f"{HOSTS_VARIABLE} is not a JSON object from every host ({', '.join(self.ordered)}) to address:port"
            ) from error


def read_hosts(path: Path) -> Hosts:
    """Read ``resourceconfig.json``.

    Raises
    ------
    SettingsError
        If it is missing or wrong.
    """
    try:
        return Hosts.model_validate_json(path.read_text())
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        raise SettingsError(f"{path.name}: {error}") from error


def link_address(host: str) -> tuple[str, int]:
    """Give address and port where the first host hears whether the others live."""
    address, _, port = _port(host, _LINK).rpartition(":")
    return address, int(port)


def _port(host: str, offset: int) -> str:
    address, _, first = host.rpartition(":")
    return f"{address}:{int(first) + offset}"
