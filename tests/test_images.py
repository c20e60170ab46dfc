"""Data sets of torchvision's shape, on small files in torchvision's own formats."""

from __future__ import annotations

import gzip
import hashlib
import json
import pickle
import struct

import numpy as np
import pytest
import torch
from torchvision import datasets
from torchvision.transforms import ToTensor

import regexp
from regexp.datasets import Images
from regexp.datasets.dataset import DataError
from regexp.experiment import Experiment
from regexp.models import MLP
from regexp.optim import SGD
from regexp.regularizers import Augmentation
from regexp.regularizers.augmentation import shifted
from regexp.rules import Invalid
from support import fit


def write_idx(path, array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(header + array.astype(np.uint8).tobytes())


@pytest.fixture(params=["MNIST", "KMNIST", "CIFAR10"])
def images(request, tmp_path, monkeypatch):
    """The name of a class, whose files hold 90 training and 30 test images of unequal classes."""
    rng = np.random.default_rng(0)
    labels = {"train": rng.choice(3, 90, p=[0.6, 0.3, 0.1]), "test": rng.choice(3, 30)}
    if request.param == "CIFAR10":
        write_cifar(tmp_path, labels, rng, monkeypatch)
    else:
        (tmp_path / request.param / "raw").mkdir(parents=True)
        for part, split in (("train", "train"), ("t10k", "test")):
            pictures = rng.integers(256, size=(len(labels[split]), 28, 28))
            write_idx(tmp_path / request.param / "raw" / f"{part}-images-idx3-ubyte", pictures)
            write_idx(tmp_path / request.param / "raw" / f"{part}-labels-idx1-ubyte", labels[split])
    return request.param


def write_cifar(root, labels, rng, monkeypatch):
    """Python pickles with the names and hashes that torchvision's class looks for."""
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    found = {}
    contents = {f"{split}_batch": (len(rows), rows.tolist()) for split, rows in labels.items()}
    for name, (count, rows) in contents.items():
        body = pickle.dumps({"data": rng.integers(256, size=(count, 3072)).astype(np.uint8), "labels": rows})
        (folder / name).write_bytes(body)
        found[name] = hashlib.md5(body).hexdigest()
    meta = pickle.dumps({"label_names": ["a", "b", "c"]})
    (folder / "batches.meta").write_bytes(meta)
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [["train_batch", found["train_batch"]]])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", found["test_batch"]]])
    about = {"filename": "batches.meta", "key": "label_names", "md5": hashlib.md5(meta).hexdigest()}
    monkeypatch.setattr(datasets.CIFAR10, "meta", about)


@pytest.fixture
def load(images, tmp_path):
    return lambda **more: Images(images, str(tmp_path), download=False, **{"val_size": 20} | more).load(0, torch.float64)


def test_pixels_and_labels_are_torchvisions(images, load, tmp_path):
    data = load()
    for train, first in ((True, 0), (False, 90)):
        theirs = getattr(datasets, images)(tmp_path, train=train, transform=ToTensor())
        for i, (picture, label) in enumerate(theirs):
            ours = data.inputs[first + i]
            assert torch.allclose(ours, picture.flatten().double(), atol=1e-7) and data.targets[first + i] == label
    assert data.rows["test"].tolist() == list(range(90, 120)) and len(data.hashes) == 2


def test_its_pictures_can_be_moved(images, load, tmp_path):
    dataset = Images(images, str(tmp_path), download=False, val_size=20)
    picture = getattr(datasets, images)(tmp_path, train=True, transform=ToTensor())[0][0].double()
    assert (1, *dataset.image)[-3:] == tuple(picture.shape)
    (down,) = shifted(load().inputs[:1].unflatten(1, tuple(picture.shape)), torch.tensor([[1, 0]]))
    assert torch.allclose(down[:, 1:], picture[:, :-1], atol=1e-7)
    plain = Experiment(dataset, MLP((16,)), SGD(0.1), epochs=1, batch_size=10)
    moved = Experiment(dataset, MLP((16,)), SGD(0.1), [Augmentation(2)], epochs=1, batch_size=10)
    first, second = fit([plain, moved])
    assert second.status == "completed" and second.final["test/loss"] != first.final["test/loss"]


def test_splits_are_stratified(load):
    data = load()
    assert {name: len(rows) for name, rows in data.rows.items()} == {"train": 70, "val": 20, "test": 30}
    assert not set(data.rows["train"].tolist()) & set(data.rows["val"].tolist())
    shares = torch.bincount(data.targets[:90], minlength=3) / 90
    for name in ("train", "val"):
        counts = torch.bincount(data.targets[data.rows[name]], minlength=3)
        assert ((counts - shares * len(data.rows[name])).abs() < 1.5).all()


def test_normalization(load):
    data = load(normalize="standardize")
    x = (data.inputs[data.rows["train"]] - data.center) / data.scale
    assert abs(x.mean()) < 1e-9 and abs(x.std(correction=0) - 1) < 1e-9
    assert (load(normalize="symmetric").center, load(normalize="symmetric").scale) == (0.5, 0.5)


def test_label_noise_changes_training_labels_only(load):
    clean, noisy = load(), load(label_noise=1.0)
    changed = (clean.targets != noisy.targets).nonzero().flatten().tolist()
    assert changed and set(changed) <= set(clean.rows["train"].tolist())


def test_too_large_splits_are_refused(load):
    with pytest.raises(Invalid, match=r"must be at most 90 together, got 80 [+] 20"):
        load(train_size=80)


def test_too_large_splits_of_known_sets_are_refused_before_anything_is_read():
    with pytest.raises(Invalid, match=r"must be at most 50000 together, got 50000 [+] 5000: lower one of them"):
        Images("CIFAR10", train_size=50_000)


def test_it_trains_by_its_yaml(images, tmp_path, command_line):
    if images == "CIFAR10":
        pytest.skip("its small files need changed hashes in the process")
    sizes = ("dataset.val_size=20", f"dataset.root={tmp_path}", "dataset.download=false")
    done = command_line(f"dataset={images.lower()}", *sizes, "epochs=1", "regularizer=[]", "curves=false")
    assert done.code == 0, done.stderr
    (file,) = tmp_path.glob("outputs/*/*/summary.json")
    assert json.loads(file.read_text(encoding="utf-8"))["data_folder"] == str(tmp_path)
    told = f"\ndata from     {tmp_path}\n"
    assert told in done.stdout and told in f"{regexp.load(file.parent)}\n"


@pytest.mark.parametrize("name", ["MNST", "FakeData", "os", "VisionDataset", "QMNIST"])
def test_other_names_are_refused(name):
    with pytest.raises(Invalid, match=r"must name a class of torchvision.datasets that takes root, train and download"):
        Images(name, "/nowhere").load(0, torch.float32)


@pytest.mark.parametrize(("name", "folder"), [("MNIST", "MNIST/raw"), ("CIFAR10", "."), ("USPS", ".")])
def test_missing_files_are_named(name, folder, tmp_path):
    with pytest.raises(DataError) as error:
        Images(name, str(tmp_path), download=False).load(0, torch.float32)
    first, either, other, *lines = str(error.value).splitlines()
    assert first == f"{name} was not found in {tmp_path} (dataset.download=false)"
    assert either == "Either: dataset.download=true, with a network"
    assert other.startswith(f"or put these files into {tmp_path / folder}; with dataset.download=true they are then unpacked")
    kind = getattr(datasets, name)
    known = [*getattr(kind, "resources", []), *(one[1:] for one in getattr(kind, "split_list", {}).values())]
    known = known or [(kind.filename, kind.tgz_md5)]
    assert lines == [f"  {file}  MD5 {md5}" for file, md5 in known]


def test_the_named_files_in_the_named_folder_are_enough(tmp_path, monkeypatch):
    """Without a network: the archives are unpacked where they lie."""
    rng = np.random.default_rng(0)
    (tmp_path / "MNIST" / "raw").mkdir(parents=True)
    contents = {"train-images-idx3-ubyte": (30, 28, 28), "train-labels-idx1-ubyte": (30,)}
    contents |= {"t10k-images-idx3-ubyte": (10, 28, 28), "t10k-labels-idx1-ubyte": (10,)}
    listed = []
    for name, shape in contents.items():
        write_idx(tmp_path / name, rng.integers(2, size=shape))
        archive = gzip.compress((tmp_path / name).read_bytes())
        (tmp_path / "MNIST" / "raw" / f"{name}.gz").write_bytes(archive)
        listed.append((f"{name}.gz", hashlib.md5(archive).hexdigest()))
    monkeypatch.setattr(datasets.MNIST, "resources", listed)
    monkeypatch.setattr(datasets.MNIST, "mirrors", ["http://127.0.0.1:9/"])
    data = Images("MNIST", str(tmp_path), val_size=5).load(0, torch.float32)
    assert {split: len(rows) for split, rows in data.rows.items()} == {"train": 25, "val": 5, "test": 10}
