import gzip
import hashlib
import http.server
import random
import socket
import threading
import time
from contextlib import contextmanager
from functools import partial

import pytest
from torchvision import datasets

from regexp.datasets import download, fashion_mnist_files
from regexp.datasets.dataset import DataError
from regexp.datasets.raw_files import RawFile

CONTENTS = {"images": bytes(range(256)) * 400, "labels": b"0123456789" * 5}
FILES = [RawFile(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()]
RIGHT = {f"/{name}.gz": gzip.compress(content) for name, content in CONTENTS.items()}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")


@contextmanager
def mirror(bodies, *, stall_after=None, piece=1 << 30, pause=0.0):
    """A web server at a local address; after ``stall_after`` bytes of a body it falls silent, or it pauses after each piece."""
    over, asked = threading.Event(), []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            body = bodies.get(self.path, b"")
            try:
                self.send_response(200 if self.path in bodies else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                for start in range(0, len(body[:stall_after]), piece):
                    self.wfile.write(body[:stall_after][start : start + piece])
                    over.wait(pause)
            except OSError:  # given up
                return
            if stall_after is not None:
                over.wait(20)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            over.set()
            server.shutdown()


@contextmanager
def listening():
    """An address that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


@pytest.fixture
def closed():
    with listening() as address:
        pass
    return address


def test_every_file_comes_from_the_first_mirror_that_has_it():
    with mirror(RIGHT) as (first, asked), mirror(RIGHT) as (second, never):
        assert download.fetch(FILES, [first, second]) == CONTENTS
    assert set(asked) == {"/images.gz", "/labels.gz"} and never == []


WRONG = {
    "another file": gzip.compress(b"9" * 50),
    "broken": RIGHT["/labels.gz"][:-3],
    "a page": b"<html>please log in</html>",
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_a_wrong_file_is_an_error_that_names_mirror_and_hash(body):
    with mirror(RIGHT | {"/labels.gz": body}) as (address, _), pytest.raises(DataError) as error:
        download.fetch(FILES, [address])
    message = str(error.value)
    assert message.startswith(f"{address}labels.gz: ") and f"expected when unpacked: {FILES[1]}" in message
    assert "delete" not in message and message.count("labels.gz") == 1  # not the place where it lay meanwhile


@pytest.mark.parametrize("bodies", [{}, RIGHT | {"/labels.gz": WRONG["another file"]}, {"/images.gz": RIGHT["/images.gz"]}])
def test_the_next_mirror_is_tried(bodies, closed):
    with mirror(bodies) as (poor, _), mirror(RIGHT) as (good, _):
        assert download.fetch(FILES, [closed, poor, good]) == CONTENTS


def test_every_mirror_is_named_when_all_fail(closed):
    with mirror({}) as (empty, _), pytest.raises(DataError) as error:
        download.fetch(FILES, [closed, empty])
    first, second = str(error.value).splitlines()
    assert first.startswith(f"{closed}images.gz: ") and "refused" in first
    assert second.startswith(f"{empty}images.gz: ") and "404" in second


@pytest.mark.fault("F18")
def test_a_silent_mirror_is_given_up():
    before = time.monotonic()
    with listening() as address, pytest.raises(DataError, match=r"images\.gz: no answer within 0\.3 s"):
        download.fetch(FILES, [address], download.Patience(answer=0.3))
    assert time.monotonic() - before < 3


@pytest.mark.fault("F18")
def test_a_name_server_that_does_not_answer_is_given_up(monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: over.wait(20) and [])
    before = time.monotonic()
    with pytest.raises(DataError, match=r"no answer within 0\.3 s"):
        download.fetch(FILES, ["http://no.such.host/"], download.Patience(answer=0.3))
    assert time.monotonic() - before < 3
    over.set()


STALLS = {"silent": {"stall_after": 20}, "a byte now and then": {"piece": 1, "pause": 0.02}}


@pytest.mark.parametrize("how", STALLS.values(), ids=STALLS)
def test_a_download_that_stalls_is_given_up(how):
    """A byte now and then never lets a socket time out."""
    patience = download.Patience(answer=1, seconds=0.3)
    with mirror(RIGHT, **how) as (stalling, _), mirror(RIGHT) as (good, _):
        with pytest.raises(DataError, match=r"images\.gz: stalled: below 10 kB/s for 0\.3 s \(at most 109\.2 kB/s"):
            download.fetch(FILES, [stalling], patience)
        assert download.fetch(FILES, [stalling, good], patience) == CONTENTS


def test_a_slow_download_is_not_given_up():
    content = random.Random(0).randbytes(1_000_000)
    file = RawFile("slow", len(content), hashlib.sha256(content).hexdigest())
    with mirror({"/slow.gz": gzip.compress(content)}, piece=1 << 15, pause=0.1) as (address, _):
        assert download.fetch([file], [address], download.Patience(answer=1, seconds=1)) == {"slow": content}


@pytest.mark.fault("F18")
def test_after_a_stall_the_message_says_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("REGEXP_DATA", raising=False)
    monkeypatch.setattr(fashion_mnist_files, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(download, "fetch", partial(download.fetch, patience=download.Patience(answer=1, seconds=0.3)))
    bodies = {f"/{file.archive}": RIGHT["/images.gz"] for file in fashion_mnist_files.FILES}
    with mirror(bodies, stall_after=20) as (own, _), mirror(bodies, piece=1, pause=0.02) as (theirs, _):
        monkeypatch.setattr(datasets.FashionMNIST, "mirrors", [theirs])
        with pytest.raises(DataError, match="stalled") as error:
            fashion_mnist_files.load(None, download=True, mirrors=[own])
    message = str(error.value)
    assert len(message.splitlines()) <= 15 and own in message and theirs in message and str(tmp_path / "regexp") in message
    assert all(str(file) in message for file in fashion_mnist_files.FILES)


def test_an_address_needs_no_last_slash():
    with mirror(RIGHT) as (address, _):
        assert download.fetch(FILES, [address.rstrip("/")]) == CONTENTS
