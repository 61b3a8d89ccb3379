"""The server as it runs: a process with a port, an environment and signals."""

import asyncio
import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.process import BaseProcess
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from serving.frames import Kind
from serving.settings import read_settings
from serving.worker_process import Task, WorkerProcess
from signpost.errors import SettingsError
from signpost.model.package import pack
from signpost.routing.contracts import Answer
from tests.unit.running_server import Server, gauge, running, start
from tests.unit.sample_pictures import encode, gradient, predict

PNG = {"Content-Type": "image/png"}


def test_its_life_as_sagemaker_runs_it(vehicle_package, predictor):
    picture = encode(gradient(), "PNG")
    with running(vehicle_package, "serve") as server:
        assert server.request("GET", "/ping")[0] == 200
        status, body = server.request("POST", "/invocations", picture, PNG)
        assert status == 200
        assert Answer.model_validate_json(body).predictions == [predict(predictor, picture)]
        assert server.request("POST", "/invocations", b"nonsense", PNG)[0] == 400
        assert server.stop() == 0
    failed = [line for line in server.lines if line["message"] == "request"]
    assert [(line["path"], line["status"]) for line in failed] == [("/invocations", 400)]


def test_an_archive_in_the_model_folder(vehicle_package, tmp_path):
    pack(vehicle_package, tmp_path / "model.tar.gz")
    with running(tmp_path) as server:
        assert server.request("GET", "/ping")[0] == 200


def test_many_callers_at_once_get_their_own_answers(vehicle_package, predictor):
    pictures = [encode(gradient(64 + number, 64).rotate(number * 11), "PNG") for number in range(16)]
    expected = [predict(predictor, picture) for picture in pictures]
    assert len({prediction.confidence for prediction in expected}) > 8

    def ask(number: int) -> bool:
        status, body = server.request("POST", "/invocations", pictures[number % 16], PNG)
        return status == 200 and Answer.model_validate_json(body).predictions == [expected[number % 16]]

    with running(vehicle_package) as server, ThreadPoolExecutor(12) as pool:
        assert all(pool.map(ask, range(192)))


def test_a_body_that_is_too_large_still_gets_its_answer(vehicle_package):
    with running(vehicle_package) as server:
        status, body = server.request("POST", "/invocations", bytes(90_000_000), PNG)
        assert (status, json.loads(body)["error"]["code"]) == (413, "too_large")


def test_floods_of_headers_and_slow_requests_are_cut_off_without_taking_memory(vehicle_package):
    head = b"POST /invocations HTTP/1.1\r\nHost: x\r\n"
    with running(vehicle_package, SIGNPOST_DEADLINE_S="0.5", SIGNPOST_CONNECTIONS="8") as server:
        before = peak_memory_mb(server.process.pid)
        # GIVEN a client that sends headers without an end, and one a header without an end
        for piece in (b"X-Flood: " + b"x" * 8000 + b"\r\n", b"x" * 8000):
            with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
                connection.sendall(head)
                with pytest.raises(OSError, match=r"reset|Broken pipe"):
                    for _ in range(100_000):
                        connection.sendall(piece)
        # AND clients that take every connection and send a head slowly, a body slowly, or nothing of it
        starts = [head + b"X: ", head + b"Content-Type: image/png\r\nContent-Length: 1000\r\n\r\n"] * 4
        slow = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in starts]
        for connection, start_ in zip(slow, starts, strict=True):
            connection.sendall(start_)
        # THEN they are answered and cut off, and others are served
        for connection in slow:
            assert connection.recv(4096).startswith(b"HTTP/1.1 408")
            assert connection.recv(4096) == b""
            connection.close()
        assert server.request("POST", "/invocations", encode(gradient(), "PNG"), PNG)[0] == 200
        assert peak_memory_mb(server.process.pid) - before < 30


def peak_memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def test_a_caller_that_goes_away_harms_nobody(vehicle_package):
    with running(vehicle_package) as server:
        head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n"
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(head + b"\x89PNG")
        assert server.request("GET", "/ping")[0] == 200
        assert server.stop() == 0
    assert not [line for line in server.lines if line["level"] in {"ERROR", "WARNING"}]


def test_a_request_under_way_is_finished_before_the_end(vehicle_package):
    picture = encode(gradient(), "PNG")
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: {len(picture)}\r\n\r\n"
    with (
        running(vehicle_package) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection,
    ):
        # GIVEN a request of which the server has the first half
        connection.sendall(head.encode() + picture[:50])
        assert server.request("GET", "/ping")[0] == 200
        # WHEN it is told to stop, and no longer takes new connections
        server.process.send_signal(signal.SIGTERM)
        while listens(server.port):
            time.sleep(0.01)
        # THEN the rest is still read and answered
        connection.sendall(picture[50:])
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        assert server.process.wait(timeout=30) == 0


def test_a_temporary_folder_may_have_a_path_too_long_for_a_socket(vehicle_package, tmp_path):
    folder = tmp_path / ("a temporary folder, é" * 8)
    folder.mkdir()
    with running(vehicle_package, TMPDIR=str(folder)) as server:
        assert server.request("GET", "/ping")[0] == 200


def test_a_killed_worker_takes_no_request_with_it(vehicle_package, predictor):
    picture = encode(gradient(), "PNG")
    with running(vehicle_package, SIGNPOST_WORKERS="1") as server, ThreadPoolExecutor(1) as pool:
        # GIVEN a worker that has a request and does not get on with it
        (worker,) = server.workers(1)
        os.kill(worker, signal.SIGSTOP)
        asked = pool.submit(server.request, "POST", "/invocations", picture, PNG)
        while gauge(server, "signpost_requests_under_way") < 1:
            time.sleep(0.01)
        # WHEN it is killed
        os.kill(worker, signal.SIGKILL)
        # THEN another answers
        status, body = asked.result(timeout=30)
        assert status == 200
        assert Answer.model_validate_json(body).predictions == [predict(predictor, picture)]
        assert len(set(server.workers(2))) == 2


def test_a_request_that_ends_three_workers_is_given_to_no_fourth(vehicle_package):
    with running(vehicle_package, SIGNPOST_WORKERS="3") as server, ThreadPoolExecutor(1) as pool:
        # GIVEN three workers that stand still, and a request at one of them
        workers = server.workers(3)
        for worker in workers:
            os.kill(worker, signal.SIGSTOP)
        asked = pool.submit(server.request, "POST", "/invocations", encode(gradient(), "PNG"), PNG)
        while gauge(server, "signpost_requests_under_way") < 1:
            time.sleep(0.01)
        # WHEN one after the other is killed, the request being given to the next in between
        for number, worker in enumerate(workers):
            os.kill(worker, signal.SIGKILL)
            while gauge(server, "signpost_worker_ends_total") <= number:
                time.sleep(0.01)
        # THEN its caller is told, and the server goes on
        status, body = asked.result(timeout=30)
        assert (status, json.loads(body)["error"]["code"]) == (500, "internal_error")
        server.workers(6)
        assert server.request("POST", "/invocations", encode(gradient(), "PNG"), PNG)[0] == 200


def test_nothing_is_given_to_a_worker_that_has_ended_or_has_what_ended_another():
    async def go() -> None:
        loop, (ours, theirs) = asyncio.get_running_loop(), socket.socketpair()
        worker = WorkerProcess(BaseProcess(), lambda _: None)
        await loop.create_unix_connection(lambda: worker, sock=ours)
        # GIVEN a worker with a small picture
        task = Task(Kind.PICTURE, [b"picture"], 0.0, 0.0, loop.create_future())
        assert worker.takes(8)
        worker.give(task)
        # THEN it takes others ahead, but not if that has ended a worker before, nor once it has ended itself
        assert worker.takes(8)
        task.attempts = 1
        assert not worker.takes(8)
        worker.tasks.clear()
        assert worker.takes(8)
        theirs.close()
        await worker.ended
        assert not worker.takes(8)

    with ThreadPoolExecutor(1) as pool:  # the main thread may have a loop that a browser left
        pool.submit(asyncio.run, go()).result()


def test_a_hung_worker_is_replaced_and_its_caller_told(vehicle_package):
    picture = encode(gradient(), "PNG")
    with running(vehicle_package, SIGNPOST_WORKERS="1", SIGNPOST_DEADLINE_S="0.5") as server:
        os.kill(server.workers(1)[0], signal.SIGSTOP)
        status, body = server.request("POST", "/invocations", picture, PNG)
        assert (status, json.loads(body)["error"]["code"]) == (504, "deadline_exceeded")
        server.workers(2)
        assert server.request("POST", "/invocations", picture, PNG)[0] == 200


def test_who_waits_behind_a_hung_request_is_not_told_that_theirs_hangs(vehicle_package):
    picture = encode(gradient(), "PNG")
    with (
        running(vehicle_package, SIGNPOST_WORKERS="1", SIGNPOST_DEADLINE_S="1") as server,
        ThreadPoolExecutor(3) as pool,
    ):
        # GIVEN a worker that hangs, with a request and two behind it
        os.kill(server.workers(1)[0], signal.SIGSTOP)
        asked = [pool.submit(server.request, "POST", "/invocations", picture, PNG) for _ in range(3)]
        # THEN one is told that it took too long, the others that there is too much to do, or they are answered
        answers = [done.result(timeout=30) for done in asked]
        assert sorted(status for status, _ in answers)[-1] == 504
        assert {status for status, _ in answers} <= {200, 503, 504}
        assert [status for status, _ in answers].count(504) == 1
        # AND one worker was replaced, not one for each
        server.workers(2)
        assert server.request("POST", "/invocations", picture, PNG)[0] == 200
        assert gauge(server, "signpost_worker_ends_total") == 1


def test_without_a_worker_it_is_unhealthy_until_there_is_one_again(vehicle_package, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(vehicle_package, folder)
    with running(folder, SIGNPOST_WORKERS="1") as server:
        # GIVEN a worker that can't be replaced
        (folder / "model.tflite").rename(tmp_path / "model.tflite")
        os.kill(server.workers(1)[0], signal.SIGKILL)
        while server.request("GET", "/ping")[0] == 200:
            time.sleep(0.01)
        # WHEN the model is there again
        (tmp_path / "model.tflite").rename(folder / "model.tflite")
        # THEN a request that came in before is answered
        assert server.request("POST", "/invocations", encode(gradient(), "PNG"), PNG)[0] == 200
        assert server.request("GET", "/ping")[0] == 200


def test_a_full_queue_is_a_503_that_says_when_to_come_again(vehicle_package):
    # GIVEN pictures so large that a worker gets one at a time
    picture = encode(Image.frombytes("RGB", (640, 640), os.urandom(640 * 640 * 3)), "PNG")
    with running(vehicle_package, SIGNPOST_WORKERS="1", SIGNPOST_QUEUE="2") as server:
        # AND a worker that stands still: one request is with it, and two wait
        (worker,) = server.workers(1)
        os.kill(worker, signal.SIGSTOP)
        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(server.request, "POST", "/invocations", picture, PNG) for _ in range(3)]
            while gauge(server, "signpost_waiting_requests") < 2:
                time.sleep(0.01)
            # WHEN one more comes THEN it is refused at once
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
            connection.request("POST", "/invocations", picture, PNG)
            response = connection.getresponse()
            assert response.status == 503
            assert int(response.headers["Retry-After"]) >= 1
            assert json.loads(response.read())["error"]["code"] == "overloaded"
            connection.close()
            # AND the others are answered once the worker gets on
            os.kill(worker, signal.SIGCONT)
            assert [done.result(timeout=30)[0] for done in asked] == [200] * 3


def test_bodies_together_may_not_fill_the_memory(vehicle_package):
    with running(vehicle_package, SIGNPOST_QUEUE_MB="64") as server:
        # GIVEN three requests of which 24 MB each have come
        head = b"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 25000000\r\n\r\n"
        connections = [socket.create_connection(("127.0.0.1", server.port), timeout=30) for _ in range(3)]
        for connection in connections:
            connection.sendall(head + bytes(24_000_000))
        # THEN the third is refused
        assert connections[2].recv(4096).startswith(b"HTTP/1.1 503")
        for connection in connections:
            connection.close()


def test_the_contract_of_vertex_ai(vehicle_package, predictor):
    picture = encode(gradient(), "PNG")
    vertex = {"AIP_HTTP_PORT": "0", "AIP_HEALTH_ROUTE": "/health", "AIP_PREDICT_ROUTE": "/v1/models/1:predict"}
    with storage(vehicle_package) as host:
        process = start_as_vertex(AIP_STORAGE_URI="gs://bucket/models/1", STORAGE_EMULATOR_HOST=host, **vertex)
        try:
            server = Server(process)
            assert server.request("GET", "/health")[0] == 200
            body = json.dumps({"instances": [{"b64": base64.b64encode(picture).decode()}] * 2, "parameters": {}})
            json_type = {"Content-Type": "application/json"}
            status, answer = server.request("POST", "/v1/models/1:predict", body.encode(), json_type)
            assert status == 200
            found = Answer.model_validate_json(answer).predictions
            assert found == [predict(predictor, picture)] * 2
        finally:
            process.kill()
            process.communicate()


def test_a_model_that_is_not_on_the_storage_is_said(tmp_path):
    with storage(tmp_path) as host:
        process = start_as_vertex(AIP_STORAGE_URI="gs://bucket/models/1", STORAGE_EMULATOR_HOST=host)
        _, log = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "no model package" in log


def start_as_vertex(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "serving"],
        # The storage stands in for a host that a proxy may lead to.
        env=os.environ | {"SIGNPOST_HOST": "127.0.0.1", "no_proxy": "127.0.0.1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def storage(folder: Path) -> Iterator[str]:
    """Stand in for Google Cloud Storage: the files of a folder as objects under models/1."""

    class Objects(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = unquote(self.path).removeprefix("/storage/v1/b/bucket/o/models/1/").removesuffix("?alt=media")
            found = (folder / name).is_file()
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write((folder / name).read_bytes() if found else b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Objects) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "says"),
    [
        ((), {"SIGNPOST_MODEL_DIR": "/nowhere"}, 1, "no model package in /nowhere: expected manifest.json"),
        ((), {"SIGNPOST_PORT": "eighty"}, 2, "SIGNPOST_PORT='eighty'"),
        (("train",), {}, 2, "invalid choice: 'train'"),
    ],
)
def test_a_start_that_fails_says_why(vehicle_package, arguments, environment, code, says):
    process = start(vehicle_package, *arguments, **environment)
    _, log = process.communicate(timeout=60)
    assert process.returncode == code
    assert says in log


def test_the_command_serves_on_this_machine_only(vehicle_package):
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", str(vehicle_package), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        server = Server(process)  # which waits for "running on http://127.0.0.1"
        assert server.request("GET", "/ping")[0] == 200
        assert server.stop() == 0
    finally:
        process.kill()
        process.communicate()


def test_vertex_ai_and_ones_own_settings():
    given = {"AIP_HTTP_PORT": "7080", "AIP_PREDICT_ROUTE": "/predict", "AIP_STORAGE_URI": "gs://bucket/model"}
    vertex = read_settings(given)
    assert (vertex.port, vertex.predict_route, vertex.storage_uri) == (7080, "/predict", "gs://bucket/model")
    assert read_settings(given | {"SIGNPOST_PORT": "9000"}).port == 9000
    with pytest.raises(SettingsError, match="AIP_STORAGE_URI='s3://bucket/model'"):
        read_settings({"AIP_STORAGE_URI": "s3://bucket/model"})


def test_settings_and_their_defaults():
    default = read_settings({"PATH": "/bin", "SIGNPOST_STAGE": "local"})
    assert (default.host, default.port, default.model_dir) == ("0.0.0.0", 8080, Path("/opt/ml/model"))  # noqa: S104
    given = read_settings({"SIGNPOST_HOST": "127.0.0.1", "SIGNPOST_PORT": "9000", "SIGNPOST_MODEL_DIR": "/m"})
    assert (given.host, given.port, given.model_dir) == ("127.0.0.1", 9000, Path("/m"))
    with pytest.raises(SettingsError, match=r"SIGNPOST_PORT='70000': .*65535"):
        read_settings({"SIGNPOST_PORT": "70000"})
