import gzip
import hashlib
import threading
import time

import pytest

from regexp.datasets import raw_files
from regexp.datasets.dataset import DataError
from regexp.datasets.raw_files import RawFile, load, locate, read

CONTENTS = {"images": bytes(range(256)) * 40, "labels": b"0123456789" * 5}
FILES = [RawFile(name, len(content), hashlib.sha256(content).hexdigest()) for name, content in CONTENTS.items()]


def put(folder, *, packed, names=tuple(CONTENTS)):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(CONTENTS[name]) if packed else CONTENTS[name])
    return folder


def never():
    raise AssertionError("nothing was to be fetched")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("packed", [False, True])
def test_contents_are_those_of_the_files(tmp_path, packed):
    folder = put(tmp_path / "data", packed=packed)
    assert load(FILES, [folder], tmp_path / "store", never) == CONTENTS


def test_raw_files_are_read_where_they_lie(tmp_path):
    folder = put(tmp_path / "data", packed=False)
    load(FILES, [folder], tmp_path / "store", never)
    assert names(tmp_path) == ["data"]


def test_archives_are_unpacked_once(tmp_path):
    store, folder = tmp_path / "new" / "store", put(tmp_path / "data", packed=True)
    load(FILES, [store, folder], store, never)
    assert {name: (store / name).read_bytes() for name in names(store)} == CONTENTS
    for archive in folder.iterdir():
        archive.write_bytes(b"no longer looked at")
    assert load(FILES, [store, folder], store, never) == CONTENTS


def test_what_was_fetched_is_kept(tmp_path):
    store = tmp_path / "store"
    contents = {name: bytearray(content) for name, content in CONTENTS.items()}
    load(FILES, [store], store, lambda: contents)
    assert load(FILES, [store], store, never) == CONTENTS


def test_first_folder_wins_and_raw_wins_over_packed(tmp_path):
    empty, second = tmp_path / "empty", put(tmp_path / "second", packed=True)
    put(second, packed=False, names=["labels"])
    third = put(tmp_path / "third", packed=False)
    assert locate(FILES, [empty, second, third]) == [second / "images.gz", second / "labels"]


def test_store_that_cannot_be_written_is_done_without(tmp_path):
    folder, blocked = put(tmp_path / "data", packed=True), tmp_path / "a_file"
    blocked.write_text("not a folder", encoding="utf-8")
    assert load(FILES, [folder], blocked / "deeper" / "store", never) == CONTENTS


def test_store_that_is_in_the_way_is_done_without(tmp_path):
    folder, store = put(tmp_path / "data", packed=True), tmp_path / "store"
    store.mkdir()
    (store / "something").touch()
    assert load(FILES, [folder], store, never) == CONTENTS
    assert names(store) == ["something"] and names(tmp_path) == ["data", "store", "store.lock"]


def test_leftovers_of_a_killed_process_do_no_harm(tmp_path):
    folder, store = put(tmp_path / "data", packed=True), tmp_path / "store"
    put(tmp_path / "store.partial", packed=False, names=["labels"])
    (tmp_path / "store.partial" / "labels").write_bytes(b"half")
    load(FILES, [store, folder], store, never)
    assert load(FILES, [store], store, never) == CONTENTS


@pytest.mark.fault("F19")
def test_many_at_once_unpack_once(tmp_path, monkeypatch):
    folder, store, opened, results = put(tmp_path / "data", packed=True), tmp_path / "store", [], []

    def slow_read(path, file):
        opened.append(path)
        time.sleep(0.05)
        return read(path, file)

    monkeypatch.setattr(raw_files, "read", slow_read)
    threads = [threading.Thread(target=lambda: results.append(load(FILES, [store, folder], store, never))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [CONTENTS] * 8
    assert sorted(path.name for path in opened if path.suffix == ".gz") == ["images.gz", "labels.gz"]


def flip(content):
    return bytes([content[0] ^ 1]) + content[1:]


@pytest.mark.fault("F17")
@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("labels", flip(CONTENTS["labels"]), "has SHA-256"),
        ("labels", CONTENTS["labels"][:-1], "has only 49 bytes"),
        ("labels", CONTENTS["labels"] + b"!", "has more than 50 bytes"),
        ("labels", b"", "has only 0 bytes"),
        ("labels.gz", gzip.compress(CONTENTS["labels"])[:-1], "cannot be read"),
        ("labels.gz", gzip.compress(CONTENTS["labels"])[:15], "cannot be read"),
        ("labels.gz", b"<html>not found</html>", "cannot be read"),
        ("labels.gz", gzip.compress(flip(CONTENTS["labels"])), "has SHA-256"),
        ("labels.gz", flip(gzip.compress(CONTENTS["labels"])), "cannot be read"),
    ],
)
def test_wrong_content_is_an_error_that_names_the_file_and_the_hash(tmp_path, name, content, what):
    folder = put(tmp_path / "data", packed=False, names=["images"])
    (folder / name).write_bytes(content)
    with pytest.raises(DataError) as error:
        load(FILES, [folder, put(tmp_path / "right", packed=False)], tmp_path / "store", never)
    assert str(error.value).startswith(f"{folder / name} {what}")
    assert FILES[1].sha256 in str(error.value) and str(FILES[1].size) in str(error.value)
    assert "delete or replace it" in str(error.value)
    assert not (tmp_path / "store").exists()


@pytest.mark.fault("F17")
def test_every_flipped_bit_of_an_archive_is_harmless_or_an_error(tmp_path):
    archive = bytearray(gzip.compress(CONTENTS["labels"], mtime=0))
    path, refused = tmp_path / "labels.gz", 0
    for bit in range(8 * len(archive)):
        archive[bit // 8] ^= 1 << bit % 8
        path.write_bytes(archive)
        try:
            assert read(path, FILES[1]) == CONTENTS["labels"]
        except DataError:
            refused += 1
        archive[bit // 8] ^= 1 << bit % 8
    assert refused > 8 * len(archive) / 2


@pytest.mark.fault("F17")
def test_folder_with_some_of_the_files_is_an_error_that_names_the_others(tmp_path):
    folder = put(tmp_path / "data", packed=False, names=["images"])
    with pytest.raises(DataError) as error:
        load(FILES, [folder, put(tmp_path / "right", packed=False)], tmp_path / "store", never)
    assert str(folder) in str(error.value) and str(FILES[1]) in str(error.value) and str(FILES[0]) not in str(error.value)
