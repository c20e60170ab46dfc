import http.server
import os
import shutil
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest
import torch
from torchvision.datasets import FashionMNIST as TorchvisionFashionMNIST
from torchvision.transforms import Compose, Normalize, ToTensor

from regexp.datasets import FashionMNIST, fashion_mnist_files
from regexp.datasets.dataset import DataError
from regexp.experiment import Experiment
from regexp.models import Linear
from regexp.optim import SGD
from regexp.rules import Invalid

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
NAMES = [file.name for file in fashion_mnist_files.FILES]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A folder in which Debian's archives have been unpacked; the tests fail where the package is not installed."""
    folder = tmp_path_factory.mktemp("fashion_mnist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.delenv("REGEXP_DATA", raising=False)
        fashion_mnist_files.load(str(folder), download=False)
    return str(folder)


@pytest.fixture
def load(root):
    return lambda seed=0, dtype=torch.float32, **fields: FashionMNIST(root=root, download=False, **fields).load(seed, dtype)


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """An environment in which no data lie anywhere and no mirror is known; gives its empty home."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REGEXP_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fashion_mnist_files, "SYSTEM_FOLDERS", ())
    monkeypatch.setattr(TorchvisionFashionMNIST, "mirrors", ())
    return tmp_path / "home"


@pytest.fixture(scope="module")
def torchvision_root(root, tmp_path_factory):
    folder = tmp_path_factory.mktemp("torchvision")
    (folder / "FashionMNIST").mkdir()
    (folder / "FashionMNIST" / "raw").symlink_to(Path(root) / "fashion_mnist", target_is_directory=True)
    return folder


@pytest.mark.parametrize("normalize", ["unit", "symmetric"])
def test_pictures_and_labels_are_torchvisions(load, torchvision_root, normalize):
    data = load(normalize=normalize, val_size=0)
    transform = Compose([ToTensor(), *([Normalize(0.5, 0.5)] if normalize == "symmetric" else [])])
    for split, is_train in (("train", True), ("test", False)):
        theirs = TorchvisionFashionMNIST(torchvision_root, train=is_train, transform=transform)
        assert torch.equal(data.targets[data.rows[split]], theirs.targets)
        for i in range(0, len(theirs), 97):
            assert torch.equal(data.inputs[data.rows[split][i]], theirs[i][0].flatten())


def test_shapes_types_hashes_and_place(load, root):
    data = load(dtype=torch.float64)
    assert data.inputs.shape == (70_000, 784) and data.inputs.dtype == torch.float64
    assert data.targets.shape == (70_000,) and data.targets.dtype == torch.int64
    assert {split: (len(rows), rows.dtype) for split, rows in data.rows.items()} == {
        "train": (55_000, torch.int64),
        "val": (5000, torch.int64),
        "test": (10_000, torch.int64),
    }
    assert (data.inputs.min(), data.inputs.max(), data.center, data.scale) == (0, 1, 0, 1)
    assert data.classes == data.outputs == 10
    assert data.hashes == {file.name: file.sha256 for file in fashion_mnist_files.FILES}
    assert data.folder == str(Path(root) / "fashion_mnist")


def test_splits_are_disjoint_and_the_published_test_images_are_never_touched(load):
    for seed in range(3):
        rows = load(seed).rows
        assert torch.equal(torch.cat([rows["train"], rows["val"]]).sort().values, torch.arange(60_000))
        assert torch.equal(rows["test"], torch.arange(60_000, 70_000))


def test_without_validation_the_training_rows_are_all_in_order(load):
    data = load(val_size=0)
    assert torch.equal(data.rows["train"], torch.arange(60_000)) and "val" not in data.rows
    assert not FashionMNIST(val_size=0).has_validation and FashionMNIST().has_validation


@pytest.mark.parametrize(("train_size", "val_size"), [(None, 5000), (1000, 1234), (7, 3), (59_995, 5), (1, 0), (37, 59_963)])
def test_splits_are_stratified_and_sorted(load, train_size, val_size):
    data = load(seed=3, train_size=train_size, val_size=val_size)
    for split, size in (("train", train_size or 60_000 - val_size), ("val", val_size)):
        rows = data.rows.get(split, torch.tensor([], dtype=torch.int64))
        counts = torch.bincount(data.targets[rows], minlength=10)
        assert counts.sum() == size and counts.max() - counts.min() <= (size % 10 > 0)
        assert (rows.diff() > 0).all()


def test_split_is_a_function_of_the_seed(load):
    first, again, other = load(0).rows["val"], load(0).rows["val"], load(1).rows["val"]
    assert torch.equal(first, again)
    common = torch.isin(first, other).sum().item()
    assert 300 < common < 530  # 5000 * 5000 / 60000 = 417 are expected, with deviation 19


def test_the_seed_also_says_which_classes_have_one_more(load):
    chosen = [load(seed, val_size=5) for seed in range(5)]
    assert len({tuple(data.targets[data.rows["val"]].sort().values.tolist()) for data in chosen}) > 1


def test_the_size_of_one_split_does_not_move_the_other(load):
    rows, less = load(train_size=2000, val_size=5000).rows, load(train_size=500, val_size=100).rows
    assert torch.isin(less["train"], rows["train"]).all() and torch.isin(less["val"], rows["val"]).all()
    assert torch.equal(load(train_size=2000, val_size=0).rows["train"], rows["train"])


def test_label_noise_redraws_its_fraction_of_the_training_labels_uniformly(load):
    clean, noisy = load(train_size=50_000), load(train_size=50_000, label_noise=0.4)
    changed = clean.targets != noisy.targets
    train = torch.zeros(70_000, dtype=torch.bool).index_fill_(0, clean.rows["train"], True)
    assert not changed[~train].any()
    # 20,000 are redrawn and one in ten of them to its old class: deviation sqrt(20000 * .9 * .1) = 42
    assert abs(changed.sum().item() - 18_000) < 5 * 42
    counts = torch.bincount(noisy.targets[changed], minlength=10).double()
    assert ((counts - 1800).abs() < 5 * 1800**0.5).all()
    for name, rows in clean.rows.items():
        assert torch.equal(rows, noisy.rows[name])


def test_all_labels_are_redrawn_at_fraction_one(load):
    data = load(label_noise=1.0)
    kept = (data.targets == load().targets)[data.rows["train"]].double().mean().item()
    assert abs(kept - 0.1) < 5 * (0.1 * 0.9 / 55_000) ** 0.5


def test_more_label_noise_redraws_a_superset(load):
    clean, some, more = (load(label_noise=fraction).targets for fraction in (0.0, 0.1, 0.3))
    changed = clean != some
    assert torch.equal(some[changed], more[changed]) and (clean != more).sum() > 2 * changed.sum()
    assert not torch.equal(load(1, label_noise=0.1).targets, some)


@pytest.mark.parametrize(("fields", "dtype"), [({}, torch.float64), ({"train_size": 300}, torch.float32)])
def test_standardize_gives_the_training_split_mean_0_and_deviation_1(load, fields, dtype):
    data = load(normalize="standardize", dtype=dtype, **fields)
    x = ((data.inputs[data.rows["train"]].double() - data.center) / data.scale).flatten()
    assert abs(x.mean().item()) < 1e-6 and abs(x.std(correction=0).item() - 1) < 1e-6


def test_seeds_share_one_table(load):
    first, second = load(0, normalize="standardize"), load(1, normalize="standardize")
    assert first.inputs is second.inputs and first.targets is second.targets
    assert first.center != second.center
    assert load(0, label_noise=0.1).inputs is load(1, label_noise=0.2).inputs


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"train_size": 60_000}, "train_size and val_size must be at most 60000 together, got 60000 + 5000"),
        ({"val_size": 60_000}, "got at least 1 + 60000"),
        ({"train_size": 0}, "train_size must be a whole number >= 1 or null, got 0"),
        ({"val_size": -1}, "val_size must be a whole number >= 0, got -1"),
        ({"normalize": "zscore"}, "normalize must be one of unit, symmetric, standardize, got 'zscore'"),
        ({"label_noise": 1.5}, "label_noise must be a number in [0, 1], got 1.5"),
    ],
)
def test_bad_fields_are_refused(fields, message):
    with pytest.raises(Invalid) as error:
        FashionMNIST(**fields)
    assert message in str(error.value)


@pytest.mark.parametrize("below", ["", "FashionMNIST/raw"])
@pytest.mark.parametrize("variable", ["root", "REGEXP_DATA"])
def test_files_are_found(root, nowhere, tmp_path, monkeypatch, below, variable):
    folder = tmp_path / "data" / below
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.symlink_to(Path(root) / "fashion_mnist", target_is_directory=True)
    if variable != "root":
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    given = str(tmp_path / "data") if variable == "root" else None
    contents = fashion_mnist_files.load(given, download=False)
    assert sorted(contents) == sorted(NAMES) and not nowhere.exists()
    assert fashion_mnist_files.found(given) == folder


def test_archives_are_unpacked_into_the_cache_when_no_root_is_given(nowhere, monkeypatch):
    monkeypatch.setattr(fashion_mnist_files, "SYSTEM_FOLDERS", (DEBIAN,))
    fashion_mnist_files.load(None, download=False)
    assert sorted(path.name for path in (nowhere / "regexp" / "fashion_mnist").iterdir()) == sorted(NAMES)


@pytest.mark.fault("F17")
@pytest.mark.parametrize("damage", ["flipped bit", "truncated", "missing"])
@pytest.mark.parametrize("name", NAMES)
def test_damaged_files_are_an_error_with_file_and_hash(root, tmp_path, name, damage):
    for other in NAMES:
        (tmp_path / other).symlink_to(Path(root) / "fashion_mnist" / other)
    content = bytearray((tmp_path / name).read_bytes())
    (tmp_path / name).unlink()
    content[len(content) // 2] ^= 1
    if damage != "missing":
        (tmp_path / name).write_bytes(content if damage == "flipped bit" else content[:-1])
    with pytest.raises(DataError) as error:
        FashionMNIST(root=str(tmp_path)).load(0, torch.float32)
    file = fashion_mnist_files.FILES[NAMES.index(name)]
    assert str(tmp_path) in str(error.value) and name in str(error.value) and file.sha256 in str(error.value)


@pytest.mark.fault("F18")
@pytest.mark.parametrize("download", [False, True])
def test_without_data_and_network_the_message_says_what_to_do(nowhere, monkeypatch, download):
    monkeypatch.setattr(TorchvisionFashionMNIST, "mirrors", ("http://no-such-mirror.invalid/",))
    before = time.monotonic()
    with pytest.raises(DataError) as error:
        FashionMNIST(download=download).load(0, torch.float32)
    assert time.monotonic() - before < 5
    message = str(error.value)
    assert len(message.splitlines()) <= 15
    assert ("no-such-mirror" in message) == download and ("dataset.download=false" in message) == (not download)
    for part in ("apt-get install dataset-fashion-mnist", "dataset.root=", str(nowhere / "regexp")):
        assert part in message
    for file in fashion_mnist_files.FILES:
        assert file.name in message and str(file.size) in message and file.sha256 in message


def test_the_message_names_every_folder_that_was_looked_in(nowhere, tmp_path, monkeypatch):
    monkeypatch.setenv("REGEXP_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(fashion_mnist_files, "SYSTEM_FOLDERS", (tmp_path / "debian", tmp_path / "keras"))
    seen = []
    monkeypatch.setattr(Path, "is_file", lambda path: seen.append(path.parent))
    with pytest.raises(DataError) as error:
        fashion_mnist_files.load(str(tmp_path / "own"), download=False)
    (line,) = [line for line in str(error.value).splitlines() if line.startswith("Looked in: ")]
    assert line.removeprefix("Looked in: ").split(", ") == list(map(str, dict.fromkeys(seen)))
    assert {tmp_path / "own", tmp_path / "data", tmp_path / "debian", tmp_path / "keras"} < set(seen)


@pytest.fixture
def mirror(nowhere, tmp_path, monkeypatch):
    """A web server with Debian's archives, known as torchvision's one mirror; gives the folder that it serves."""
    folder = tmp_path / "mirror"
    shutil.copytree(DEBIAN, folder)
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *args: None})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setattr(TorchvisionFashionMNIST, "mirrors", (f"http://127.0.0.1:{server.server_port}/",))
        yield folder
        server.shutdown()


def test_files_are_downloaded_once(mirror, root, tmp_path):
    home = tmp_path / "downloads"
    downloaded = FashionMNIST(root=str(home)).load(0, torch.float32)
    assert torch.equal(downloaded.inputs, FashionMNIST(root=root).load(0, torch.float32).inputs)
    shutil.rmtree(mirror)
    assert sorted(fashion_mnist_files.load(str(home), download=True)) == sorted(NAMES)


def test_a_mirror_with_a_wrong_file_is_an_error_and_leaves_nothing_behind(mirror, nowhere):
    shutil.copy(mirror / "t10k-labels-idx1-ubyte.gz", mirror / "train-labels-idx1-ubyte.gz")
    with pytest.raises(DataError) as error:
        FashionMNIST().load(0, torch.float32)
    assert "train-labels-idx1-ubyte.gz: has only 10008 bytes" in str(error.value) and len(str(error.value).splitlines()) <= 15
    assert [path.name for path in (nowhere / "regexp").iterdir()] == ["fashion_mnist.lock"]


def test_own_mirrors_are_tried_first(mirror, root, tmp_path, monkeypatch):
    (address,) = TorchvisionFashionMNIST.mirrors
    monkeypatch.setattr(TorchvisionFashionMNIST, "mirrors", ("http://no-such-mirror.invalid/",))
    data = FashionMNIST(root=str(tmp_path / "own"), mirrors=[address]).load(0, torch.float32)
    assert torch.equal(data.inputs, FashionMNIST(root=root).load(0, torch.float32).inputs)


def test_many_wrong_mirrors_leave_the_advice_on_one_screen(mirror, nowhere):
    shutil.copy(mirror / "t10k-labels-idx1-ubyte.gz", mirror / "train-labels-idx1-ubyte.gz")
    (address,) = TorchvisionFashionMNIST.mirrors
    with pytest.raises(DataError) as error:
        FashionMNIST(mirrors=[f"{address}?{i}=" for i in range(9)]).load(0, torch.float32)
    message = str(error.value)
    assert len(message.splitlines()) <= 15 and address in message and str(nowhere / "regexp") in message
    assert all(file.name in message and file.sha256 in message for file in fashion_mnist_files.FILES)


def test_mirrors_are_addresses_and_no_part_of_the_identity():
    with pytest.raises(Invalid, match=r"mirrors holds an item that must be an address such as .*, got 'here'"):
        FashionMNIST(mirrors=["here"])
    runs = [Experiment(FashionMNIST(mirrors=m), Linear(), SGD(0.1)) for m in ((), ["https://a.b/"])]
    assert runs[0].hash() == runs[1].hash()


@pytest.mark.fault("F19")
def test_four_processes_at_once_unpack_once(tmp_path):
    program = (
        "import sys\n"
        "from regexp.datasets import fashion_mnist_files, raw_files\n"
        "read = raw_files.read\n"
        "raw_files.read = lambda path, file: print(path.name) or read(path, file)\n"
        "assert len(fashion_mnist_files.load(sys.argv[1], download=False)) == 4 and 'torch' not in sys.modules\n"
    )
    command = [sys.executable, "-W", "error", "-c", program, str(tmp_path / "root")]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "REGEXP_DATA": ""}
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", env=environment) for _ in range(4)]
    opened = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0] * 4
    assert sorted(opened) == sorted([[f"{name}.gz" for name in NAMES], NAMES, NAMES, NAMES])
