"""Downloads from a server on this machine that behaves as badly as real ones do."""

import functools
import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from rich.console import Console

from signpost.errors import DatasetError
from training.data.download import cache_folder, cached_cifar100, download, md5_of

CONTENT = bytes(range(256)) * 8192  # 2 MiB
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


class _Server(BaseHTTPRequestHandler):
    """Serves `CONTENT`: whole, in ranges, or broken off after `break_after` bytes of an answer."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, requests: list, knows_ranges: bool, break_after: list) -> None:
        self.requests, self.knows_ranges, self.break_after = requests, knows_ranges, break_after
        super().__init__(*arguments)

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.requests.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.knows_ranges else 0
        if self.path == "/missing":
            self.send_error(404)
            return
        if start >= len(CONTENT):
            self.send_response(416)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        until = start + self.break_after.pop() if self.break_after else len(CONTENT)
        self.wfile.write(CONTENT[start:until])
        self.close_connection = until < len(CONTENT)

    def log_message(self, *arguments: object) -> None:
        pass


class _Running:
    def __init__(self, knows_ranges: bool = True) -> None:
        self.requests: list[str | None] = []
        self.break_after: list[int] = []
        handler = functools.partial(
            _Server, requests=self.requests, knows_ranges=knows_ranges, break_after=self.break_after
        )
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(params=[True])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Running]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    running = _Running(knows_ranges=request.param)
    yield running
    running.stop()


@pytest.fixture
def console() -> Console:
    return Console(quiet=True)


def test_a_file_is_downloaded_and_checked(server: _Running, console: Console, tmp_path: Path):
    target = download(f"{server.url}/a.tar.gz", MD5, tmp_path / "cache" / "a.tar.gz", console)

    assert target.read_bytes() == CONTENT
    assert [file.name for file in target.parent.iterdir()] == ["a.tar.gz"]


def test_a_broken_download_says_so_and_goes_on_where_it_stopped(server: _Running, console: Console, tmp_path: Path):
    target = tmp_path / "a.tar.gz"
    server.break_after.append(700_000)

    with pytest.raises(DatasetError, match=r"broke off after 700,000 of 2,097,152 bytes; 700,000 bytes are kept"):
        download(f"{server.url}/a.tar.gz", MD5, target, console)
    assert not target.exists()
    download(f"{server.url}/a.tar.gz", MD5, target, console)

    assert target.read_bytes() == CONTENT
    assert server.requests == [None, "bytes=700000-"]


@pytest.mark.parametrize("server", [False], indirect=True)
def test_a_server_without_ranges_starts_over(server: _Running, console: Console, tmp_path: Path):
    (tmp_path / "a.tar.gz.part").write_bytes(CONTENT[:1000])

    assert download(f"{server.url}/a.tar.gz", MD5, tmp_path / "a.tar.gz", console).read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_used(server: _Running, console: Console, tmp_path: Path):
    (tmp_path / "a.tar.gz.part").write_bytes(CONTENT)

    assert download(f"{server.url}/a.tar.gz", MD5, tmp_path / "a.tar.gz", console).read_bytes() == CONTENT


def test_a_wrong_checksum_throws_the_file_away(server: _Running, console: Console, tmp_path: Path):
    with pytest.raises(DatasetError, match=f"checksum {MD5}, expected 00"):
        download(f"{server.url}/a.tar.gz", "00", tmp_path / "a.tar.gz", console)

    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_an_error_with_its_address(server: _Running, console: Console, tmp_path: Path):
    with pytest.raises(DatasetError, match=r"can't download http://127.*/missing: .*404"):
        download(f"{server.url}/missing", MD5, tmp_path / "a.tar.gz", console)


def test_without_a_connection_there_is_a_clear_error(server: _Running, console: Console, tmp_path: Path):
    server.stop()

    with pytest.raises(DatasetError, match="no connection"):
        download(f"{server.url}/a.tar.gz", MD5, tmp_path / "a.tar.gz", console)


def test_the_cache_follows_the_environment_and_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cached_cifar100() is None

    cache_folder().mkdir()
    (cache_folder() / "cifar-100-python.tar.gz").write_bytes(b"something else")

    assert cache_folder() == tmp_path / "signpost"
    assert cached_cifar100() is None


def test_md5_is_that_of_the_content(tmp_path: Path):
    (tmp_path / "empty").touch()

    assert md5_of(tmp_path / "empty") == "d41d8cd98f00b204e9800998ecf8427e"
