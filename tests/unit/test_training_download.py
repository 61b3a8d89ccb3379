"""Downloads from a server on this machine that behaves as badly as real ones do."""

import fcntl
import functools
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from signpost.errors import DatasetError
from training.data.download import cache_folder, checksum_of, download, md5_of

CONTENT = bytes(range(256)) * 8192  # 2 MiB
OTHER = CONTENT[::-1]
MD5 = f"md5:{hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()}"
SIZE = len(CONTENT)


@dataclass
class _Behaviour:
    """What the server does, and what it was asked."""

    content: bytes = CONTENT
    tag: str | None = None
    knows_ranges: bool = True
    heeds_if_range: bool = True
    break_after: list[int] = field(default_factory=list)
    requests: list[str | None] = field(default_factory=list)
    status: list[int] = field(default_factory=list)


class _Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, behaviour: _Behaviour) -> None:
        self.behaviour = behaviour
        super().__init__(*arguments)

    def do_GET(self) -> None:
        does = self.behaviour
        asked = self.headers.get("Range")
        does.requests.append(asked)
        if does.status and (code := does.status.pop(0)):
            self.send_error(code)
            return
        current = self.headers.get("If-Range") in (None, does.tag) or not does.heeds_if_range
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and does.knows_ranges and current else 0
        size = len(does.content)
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        if does.tag:
            self.send_header("ETag", does.tag)
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        until = start + does.break_after.pop(0) if does.break_after else size
        self.wfile.write(does.content[start:until])
        self.close_connection = until < size

    def log_message(self, *arguments: object) -> None:
        pass


class _QuietServer(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what some of these tests are about."""


class _Running:
    def __init__(self) -> None:
        self.does = _Behaviour()
        self._server = _QuietServer(("127.0.0.1", 0), functools.partial(_Server, behaviour=self.does))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/a.tar.gz"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Running]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = _Running()
    yield running
    running.stop()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "a.tar.gz"


def _get(server: _Running, target: Path, checksum: str = MD5, size: int = SIZE) -> bytes:
    return download(server.url, checksum, size, target, Console(quiet=True), pause_s=0).read_bytes()


def _kept(target: Path, content: bytes, tag: str | None = None) -> None:
    """Leave what an earlier download leaves."""
    target.parent.mkdir(exist_ok=True)
    target.with_name("a.tar.gz.part").write_bytes(content)
    if tag:
        target.with_name("a.tar.gz.part.version").write_text(tag)


def _files(target: Path) -> list[str]:
    return sorted(file.name for file in target.parent.iterdir())


def test_a_file_is_downloaded_and_checked(server: _Running, target: Path):
    assert _get(server, target) == CONTENT
    assert _files(target) == ["a.tar.gz"]


def test_a_connection_that_breaks_is_taken_up_again(server: _Running, target: Path):
    server.does.break_after = [700_000, 300_000]

    assert _get(server, target) == CONTENT
    assert server.does.requests == [None, "bytes=700000-", "bytes=1000000-"]


def test_a_server_that_keeps_breaking_off_is_an_error_and_the_next_call_goes_on(server: _Running, target: Path):
    server.does.break_after = [100_000] * 5

    with pytest.raises(DatasetError, match=r"broke off after 500,000 of 2,097,152 bytes; 500,000 bytes are kept"):
        _get(server, target)
    assert "a.tar.gz" not in _files(target)

    assert _get(server, target) == CONTENT
    assert server.does.requests[-1] == "bytes=500000-"


def test_an_error_of_the_server_in_between_is_waited_out(server: _Running, target: Path):
    server.does.break_after = [700_000]
    server.does.status = [0, 503, 0]

    assert _get(server, target) == CONTENT
    assert server.does.requests == [None, "bytes=700000-", "bytes=700000-"]


def test_a_server_without_ranges_starts_over(server: _Running, target: Path):
    server.does.knows_ranges = False
    _kept(target, CONTENT[:1000])

    assert _get(server, target) == CONTENT


def test_a_file_that_changed_since_starts_over(server: _Running, target: Path):
    server.does.tag = '"new"'
    _kept(target, OTHER[:1000], tag='"old"')

    assert _get(server, target) == CONTENT
    assert server.does.requests == ["bytes=1000-"]  # and the whole file came


def test_a_file_that_changed_unnoticed_is_found_by_the_checksum_and_starts_over(server: _Running, target: Path):
    _kept(target, OTHER[:1000])

    assert _get(server, target) == CONTENT
    assert server.does.requests == ["bytes=1000-", None]


def test_a_file_of_another_size_is_refused(server: _Running, target: Path):
    server.does.content = b"<html>moved</html>"

    with pytest.raises(DatasetError, match=r"the server's file has 18 bytes, expected 2,097,152"):
        _get(server, target)
    assert _files(target) == []


def test_a_range_of_a_file_of_another_size_is_not_taken(server: _Running, target: Path):
    server.does.content, server.does.heeds_if_range = CONTENT + b"more", False
    _kept(target, CONTENT[:1000])

    with pytest.raises(DatasetError, match=r"has 2,097,156 bytes, expected 2,097,152"):
        _get(server, target)


def test_a_part_that_is_whole_already_is_used(server: _Running, target: Path):
    _kept(target, CONTENT)

    assert _get(server, target) == CONTENT
    assert server.does.requests == []


def test_a_wrong_checksum_throws_the_file_away(server: _Running, target: Path):
    with pytest.raises(DatasetError, match=f"checksum {MD5}, expected md5:00"):
        _get(server, target, "md5:00")

    assert _files(target) == []


def test_a_missing_file_is_an_error_with_its_address(server: _Running, target: Path):
    server.does.status = [404]

    with pytest.raises(DatasetError, match=r"can't download http://127.*/a\.tar\.gz: the server answers 404"):
        _get(server, target)
    assert server.does.requests == [None]


def test_without_a_connection_there_is_a_clear_error_at_once(server: _Running, target: Path):
    server.stop()

    with pytest.raises(DatasetError, match=r"no connection .*copy the file here"):
        _get(server, target)
    assert _files(target) == []


def test_two_downloads_of_one_file_do_not_mix(server: _Running, target: Path):
    _kept(target, CONTENT[:1000])
    with target.with_name("a.tar.gz.part").open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        with pytest.raises(DatasetError, match="by another process"):
            _get(server, target)

    assert _get(server, target) == CONTENT


def test_sha256_is_checked_too(server: _Running, target: Path):
    assert _get(server, target, f"sha256:{hashlib.sha256(CONTENT).hexdigest()}") == CONTENT


def test_the_cache_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert cache_folder() == tmp_path / "signpost"


def test_a_checksum_is_that_of_the_content(tmp_path: Path):
    (tmp_path / "empty").touch()

    assert md5_of(tmp_path / "empty") == "d41d8cd98f00b204e9800998ecf8427e"
    assert checksum_of(tmp_path / "empty", "sha256").startswith("sha256:e3b0c44298fc1c14")
