"""Which process does what, and where it listens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from signpost.errors import SettingsError
from training.distribution.cluster import Cluster, Hosts, link_address, members, read_hosts

TWO = ["10.0.0.1:2222", "10.0.0.2:2222"]


def tasks(strategy: str, hosts: list[str]) -> list[tuple[str, int]]:
    return [(str(member.task), member.host) for member in members(strategy, hosts)]


def config(strategy: str, hosts: list[str], number: int = 0) -> dict:
    return json.loads(members(strategy, hosts)[number].cluster.to_environment())


def test_workers_are_one_process_a_host_and_the_first_is_the_chief():
    assert tasks("multi-worker", TWO) == [("chief", 0), ("worker 0", 1)]
    assert config("multi-worker", TWO, 1) == {
        "cluster": {"chief": ["10.0.0.1:2222"], "worker": ["10.0.0.2:2222"]},
        "task": {"type": "worker", "index": 0},
    }


@pytest.mark.parametrize("strategy", ["parameter-server", "parameter-server-sync"])
def test_with_a_parameter_server_every_host_works_and_the_first_also_leads_and_serves(strategy: str):
    assert tasks(strategy, TWO) == [("chief", 0), ("ps 0", 0), ("worker 0", 0), ("worker 1", 1)]
    assert config(strategy, TWO)["cluster"] == {
        "chief": ["10.0.0.1:2222"],
        "ps": ["10.0.0.1:2223"],
        "worker": ["10.0.0.1:2224", "10.0.0.2:2224"],
    }


def test_no_two_processes_share_a_port():
    hosts = ["127.0.0.1:41000", "127.0.0.1:41010", "127.0.0.1:41020"]

    for strategy in ("multi-worker", "parameter-server"):
        ports = [address for addresses in config(strategy, hosts)["cluster"].values() for address in addresses]
        assert len(set(ports)) == len(ports)
        assert ":".join(map(str, link_address(hosts[0]))) not in ports


def test_one_host_alone_is_a_chief_without_workers():
    assert tasks("single", TWO[:1]) == [("chief", 0)]
    assert config("multi-worker", TWO[:1])["cluster"] == {"chief": ["10.0.0.1:2222"]}


def test_one_process_does_not_take_two_hosts():
    with pytest.raises(SettingsError, match="takes one worker on one host, not 2; with more allowed are multi-worker,"):
        members("single", TWO)


def test_the_learners_are_the_workers_and_the_chief_where_nobody_serves():
    def learners(strategy: str) -> list[str]:
        return [str(task) for task in members(strategy, TWO)[0].cluster.learners]

    assert learners("multi-worker") == ["chief", "worker 0"]
    assert learners("parameter-server") == ["worker 0", "worker 1"]


def test_what_is_written_is_what_is_read():
    cluster = members("parameter-server", TWO)[2].cluster

    assert Cluster.from_environment({"TF_CONFIG": cluster.to_environment()}) == cluster


@pytest.mark.parametrize("value", ["{", '{"cluster": {"master": ["a:1"]}, "task": {"type": "master", "index": 0}}'])
def test_a_wrong_tf_config_is_refused_and_master_is_no_role(value: str):
    with pytest.raises(SettingsError, match="TF_CONFIG"):
        Cluster.from_environment({"TF_CONFIG": value})


def resource_config(folder: Path, **content: object) -> Path:
    path = folder / "resourceconfig.json"
    path.write_text(json.dumps(content))
    return path


def test_hosts_have_one_order_that_all_agree_on(tmp_path: Path):
    names = [f"algo-{number}" for number in (10, 2, 1)]
    hosts = read_hosts(resource_config(tmp_path, current_host="algo-2", hosts=names, network_interface_name="eth0"))

    assert hosts.ordered == ("algo-1", "algo-2", "algo-10")
    assert hosts.number == 1
    assert hosts.addresses({}) == ["algo-1:2222", "algo-2:2222", "algo-10:2222"]


def test_hosts_on_one_machine_have_ports_of_their_own():
    hosts = Hosts(current_host="algo-1", hosts=("algo-1", "algo-2"))
    given = {"algo-2": "127.0.0.1:41010", "algo-1": "127.0.0.1:41000"}

    assert hosts.addresses({"SIGNPOST_HOSTS": json.dumps(given)}) == ["127.0.0.1:41000", "127.0.0.1:41010"]
    for wrong in (
        "{",
        "[]",
        '{"algo-1": "127.0.0.1:41000"}',
        '{"algo-1": "a:1", "algo-2": "a"}',
        '{"algo-1": 1, "algo-2": 2}',
    ):
        with pytest.raises(SettingsError, match=r"SIGNPOST_HOSTS is not a JSON object .*algo-1, algo-2"):
            hosts.addresses({"SIGNPOST_HOSTS": wrong})


def test_a_wrong_resource_config_is_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match="can't be read: No such file"):
        read_hosts(tmp_path / "resourceconfig.json")
    with pytest.raises(SettingsError, match="current_host 'algo-3' is not one of hosts algo-1"):
        read_hosts(resource_config(tmp_path, current_host="algo-3", hosts=["algo-1"]))
