"""The digits, wherever they come from, and every damaged file refused; patterns, noise and masks."""

import contextlib
import errno
import gzip
import hashlib
import os
import re
import socket
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from werkzeug import Response

from cases import refused
from damcore.datasets import _cache, binarise, flip, lower_half, mask, mnist, mnist_origin, random_patterns
from damcore.datasets._idx import IdxFile, pack
from damcore.datasets.mnist import BUNDLED, FULL, bundle

MODULE = sys.modules["damcore.datasets.mnist"]  # `damcore.datasets.mnist` is the function
IMAGES, LABELS = (file.name for file in FULL["train"])


@pytest.fixture(autouse=True)
def bare(tmp_path, monkeypatch):
    """No DAMCORE_DATA, an empty cache of our own."""
    monkeypatch.delenv("DAMCORE_DATA", raising=False)
    monkeypatch.setattr("pooch.os_cache", lambda project: tmp_path / "cache" / project)


@pytest.fixture
def digits(monkeypatch):
    """A tiny stand-in for the full set, name -> array; the table of hashes is the only thing replaced."""
    numbers = np.random.default_rng(0)
    arrays, table, packed = {}, {}, {}
    for (split, files), n in zip(FULL.items(), (30, 20), strict=True):
        made = (numbers.integers(0, 256, (n, 28, 28), np.uint8), numbers.integers(0, 10, n, np.uint8))
        table[split] = tuple(
            IdxFile(file.name, array.shape, hashlib.sha256(pack(array)).hexdigest())
            for file, array in zip(files, made, strict=True)
        )
        for file, array in zip(files, made, strict=True):
            arrays[file.name] = array
            packed[f"{file.name}.gz"] = hashlib.sha256(zipped(array)).hexdigest()
    monkeypatch.setattr(MODULE, "FULL", table)
    monkeypatch.setattr(_cache, "DOWNLOADS", packed)
    return arrays


def zipped(array: np.ndarray) -> bytes:
    return gzip.compress(pack(array), mtime=0)


def write(folder: Path, arrays: dict[str, np.ndarray], gz: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        (folder / (f"{name}.gz" if gz else name)).write_bytes(zipped(array) if gz else pack(array))
    return folder


def serve(server, arrays: dict[str, np.ndarray], below: str = "/good", damage=lambda content: content) -> str:
    for name, array in arrays.items():
        server.expect_request(f"{below}/{name}.gz").respond_with_data(damage(zipped(array)))
    return server.url_for(below)


class TestBundled:
    @pytest.mark.parametrize(("split", "n"), [("train", 5000), ("test", 1000)])
    def test_is_what_comes_without_any_folder(self, split, n):
        images, labels = mnist(split)
        assert images.shape == (n, 28, 28)
        assert images.dtype == np.uint8
        assert images.flags.writeable
        assert labels.dtype == np.int64
        assert np.bincount(labels).tolist() == [n // 10] * 10
        assert mnist_origin() == (
            "the bundled subset of MNIST, 5,000 training and 1,000 test digits, the same number of each class"
        )

    def test_default_is_the_training_set_in_official_order(self):
        images, labels = mnist()
        assert labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]  # the published beginning of MNIST
        assert images[0].sum() == 27525  # grey values of the well-known first 5, from the official file

    def test_lies_as_its_readme_says(self):
        folder = Path(str(MODULE.__file__)).parent / "data"
        readme = (folder / "README.md").read_text()
        for file in (file for files in BUNDLED.values() for file in files):
            content = (folder / f"{file.name}.gz").read_bytes()
            values = gzip.decompress(content)[4 + 4 * len(file.shape) :]
            row = next(line for line in readme.splitlines() if f"{file.name}.gz" in line)
            assert hashlib.sha256(content).hexdigest() in row
            assert file.sha256 in row
            assert hashlib.sha256(values).hexdigest() in row

    def test_is_verified_at_every_load(self, monkeypatch):
        other = tuple(replace(file, sha256="0" * 64) for file in BUNDLED["test"])
        monkeypatch.setitem(BUNDLED, "test", other)
        with refused(ValueError, r"corrupted: expected sha256 000.*Install damcore again"):
            mnist("test")

    def test_tells_the_log(self, caplog):
        mnist("test", source="bundled")
        assert not caplog.records, "no warning for what was asked for"
        mnist("test")
        assert "bundled subset" in caplog.text

    @pytest.mark.parametrize(("split", "per_class"), [("train", 500), ("test", 100)])
    def test_equals_the_subset_made_anew(self, split, per_class, full):
        again = bundle(*mnist(split, source=full), per_class)
        for stored, made in zip(mnist(split), again, strict=True):
            np.testing.assert_array_equal(stored, made)

    @pytest.fixture
    def full(self, request):
        if FULL_SET is None:
            pytest.skip("DAMCORE_DATA is not set: the full MNIST is needed to make the subset anew")
        return FULL_SET


FULL_SET = os.environ.get("DAMCORE_DATA")  # read before `bare` hides it


class TestFull:
    @pytest.mark.skipif(FULL_SET is None, reason="DAMCORE_DATA is not set")
    def test_official_files_have_the_published_statistics(self, monkeypatch):
        monkeypatch.setenv("DAMCORE_DATA", str(FULL_SET))
        images, labels = mnist("train")
        assert images.shape == (60_000, 28, 28)
        assert round(images.mean() / 255, 4) == 0.1307
        assert round(images.std() / 255, 4) == 0.3081
        assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        assert mnist("test")[0].shape == (10_000, 28, 28)

    @pytest.mark.parametrize("gz", [True, False])
    @pytest.mark.parametrize("below", ["", "mnist"])
    @pytest.mark.parametrize("split", ["train", "test"])
    def test_folder_holds_the_files_packed_or_not_directly_or_below(self, tmp_path, digits, gz, below, split):
        write(tmp_path / "data" / below, digits, gz)
        images, labels = mnist(split, source=tmp_path / "data")
        expected = [digits[file.name] for file in FULL[split]]
        np.testing.assert_array_equal(images, expected[0])
        np.testing.assert_array_equal(labels, expected[1])

    def test_source_comes_before_the_variable_before_the_cache_before_the_bundle(self, tmp_path, digits, monkeypatch):
        assert "bundled" in mnist_origin()
        write(tmp_path / "cache" / "damcore" / "mnist", digits)
        assert mnist_origin().endswith("from the cache")
        assert len(mnist()[1]) == 30
        monkeypatch.setenv("DAMCORE_DATA", str(write(tmp_path / "variable", digits)))
        assert mnist_origin().endswith("from the folder in DAMCORE_DATA")
        (tmp_path / "variable" / f"{LABELS}.gz").write_bytes(b"")
        with refused(ValueError, "variable"):
            mnist()
        source = write(tmp_path / "source", digits)
        assert mnist_origin(source).endswith("from the folder given as `source`")
        assert len(mnist(source=str(source))[1]) == 30

    def test_variable_may_name_a_folder_with_other_data(self, tmp_path, digits, monkeypatch):
        monkeypatch.setenv("DAMCORE_DATA", str(tmp_path))
        assert "bundled" in mnist_origin()

    def test_part_of_a_cache_does_not_count(self, tmp_path, digits):
        write(tmp_path / "cache" / "damcore" / "mnist", {name: digits[name] for name in (IMAGES, LABELS)})
        assert "bundled" in mnist_origin()

    def test_refuses_an_unknown_split(self):
        with refused(ValueError, "`split` must be one of 'train', 'test', got 'validation'"):
            mnist("validation")  # pyright: ignore[reportArgumentType]

    def test_a_source_that_is_given_is_never_downloaded(self, monkeypatch):
        monkeypatch.setattr(sys.modules["damcore.datasets.mnist"], "fill_cache", lambda url: pytest.fail("a download"))
        assert len(mnist("test", source="bundled", download=True)[0]) == 1000

    def test_refuses_what_only_counts_as_true(self):
        for download in ("False", 1, None):
            with refused(TypeError, "`download` must be True or False"):
                mnist("test", download=download)
        with refused(TypeError, "`base_url` must be the address of a folder, got 3"):
            mnist("test", download=True, base_url=3)

    def test_refuses_a_source_that_does_not_exist(self, tmp_path):
        with refused(FileNotFoundError, r"`source` must name an existing folder, got .*nowhere"):
            mnist(source=tmp_path / "nowhere")

    def test_refuses_a_variable_that_names_nothing(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DAMCORE_DATA", str(tmp_path / "nowhere"))
        with refused(FileNotFoundError, "DAMCORE_DATA must name an existing folder"):
            mnist()

    def test_refuses_a_source_without_the_files(self, tmp_path):
        with refused(FileNotFoundError, f"`source` holds no MNIST file.*{IMAGES}"):
            mnist(source=tmp_path)

    def test_refuses_a_source_that_lacks_one_file(self, tmp_path, digits):
        (write(tmp_path, digits) / f"{LABELS}.gz").unlink()
        with refused(FileNotFoundError, f"lacks the file {LABELS}"):
            mnist(source=tmp_path)


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def spoil(content: bytes) -> bytes:
    """One bit of the middle byte turned over."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


class TestDamage:
    @pytest.mark.parametrize(
        ("gz", "damage", "message"),
        [
            (True, cut, "truncated or corrupted: expected a whole gzip file"),
            (True, spoil, "truncated or corrupted: expected a whole gzip file"),
            (True, lambda content: content[:10] + b"\xff" * 90, "truncated or corrupted: expected a whole gzip file"),
            (True, lambda content: b"<html>Not found</html>", "truncated or corrupted: expected a whole gzip file"),
            (True, lambda content: b"", r"wrong length: expected 23536 bytes unpacked, got 0"),
            (False, cut, "wrong length: expected 23536 bytes unpacked, got 11768"),
            (False, lambda content: content + b"\0", "wrong length: expected 23536 bytes unpacked, got more"),
            (False, spoil, "corrupted: expected sha256 [0-9a-f]{64} of the unpacked bytes, got [0-9a-f]{64}"),
            (False, lambda content: b"\0\0\x08\x01" + content[4:], "00000801, expected the magic number 00000803"),
        ],
    )
    def test_refuses_a_damaged_file_by_name(self, tmp_path, digits, gz, damage, message):
        path = write(tmp_path, digits, gz) / (f"{IMAGES}.gz" if gz else IMAGES)
        path.write_bytes(damage(path.read_bytes()))
        with refused(ValueError, f"^`{re.escape(str(path))}` .*{message}.*Delete it and get the official file again"):
            mnist(source=tmp_path)

    def test_a_file_that_unpacks_to_far_too_much_is_refused_without_unpacking_it(self, tmp_path, digits):
        path = write(tmp_path, digits) / f"{IMAGES}.gz"
        path.write_bytes(gzip.compress(pack(digits[IMAGES]) + bytes(1 << 28)))
        tracemalloc.start()
        with refused(ValueError, "wrong length: expected 23536 bytes unpacked, got more"):
            mnist(source=tmp_path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 1 << 24

    def test_shows_one_error_and_not_the_unpacker_s_as_well(self, tmp_path, digits):
        (write(tmp_path, digits) / f"{IMAGES}.gz").write_bytes(b"no gzip file")
        with pytest.raises(ValueError, match=r"Not a gzipped file") as error:
            mnist(source=tmp_path)
        assert error.value.__context__ is None

    def test_another_packing_of_the_same_bytes_is_the_same_file(self, tmp_path, digits):
        (write(tmp_path, digits) / f"{IMAGES}.gz").write_bytes(gzip.compress(pack(digits[IMAGES]), 1, mtime=7))
        np.testing.assert_array_equal(mnist(source=tmp_path)[0], digits[IMAGES])


@contextmanager
def drip(part: str) -> Iterator[str]:
    """The address of a server that sends its answer, from its headers or its content on, a byte at a time."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def answer():
            client, _ = server.accept()
            with client, contextlib.suppress(OSError):  # the other side has left
                client.recv(1 << 16)
                client.sendall(b"HTTP/1.1 200 OK\r\n" + (b"\r\n" if part == "content" else b"X-Slow: "))
                while not done.wait(0.1):
                    client.sendall(b"x")

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        finally:
            done.set()
            thread.join()


class TestDownload:
    def test_fills_the_cache_once(self, httpserver, digits, tmp_path):
        url = serve(httpserver, digits)
        for split in ("train", "test", "train"):
            images, _ = mnist(split, download=True, base_url=url)
            np.testing.assert_array_equal(images, digits[FULL[split][0].name])
        assert len(httpserver.log) == 4
        assert mnist_origin().endswith("from the cache")
        httpserver.check_assertions()

    def test_nothing_is_downloaded_unless_asked(self, httpserver, digits, monkeypatch):
        monkeypatch.setattr(_cache, "MIRRORS", (serve(httpserver, digits),))
        assert len(mnist()[1]) == 5000
        assert not httpserver.log

    def test_nothing_is_downloaded_when_a_folder_has_the_files(self, httpserver, digits, tmp_path, monkeypatch):
        monkeypatch.setattr(_cache, "MIRRORS", (serve(httpserver, digits),))
        mnist(source=write(tmp_path / "data", digits), download=True)
        assert not httpserver.log

    @pytest.mark.parametrize("damage", [cut, spoil])
    def test_refuses_what_is_truncated_or_corrupted_and_keeps_none_of_it(self, httpserver, digits, damage, tmp_path):
        url = serve(httpserver, digits, damage=damage)
        with refused(ValueError, f"{IMAGES}.gz could not be downloaded with the expected sha256:.*{url}"):
            mnist(download=True, base_url=url)
        assert list((tmp_path / "cache" / "damcore" / "mnist").iterdir()) == []
        assert "bundled" in mnist_origin()

    def test_refuses_a_transfer_that_breaks_off(self, httpserver, digits, tmp_path):
        content = zipped(digits[IMAGES])
        # Sent piece by piece, or the server would correct the length that it promises.
        response = Response(iter([cut(content)]), headers={"Content-Length": str(len(content))})
        httpserver.expect_request(f"/short/{IMAGES}.gz").respond_with_response(response)
        with refused(ConnectionError, f"{IMAGES}.gz could not be downloaded"):
            mnist(download=True, base_url=httpserver.url_for("/short"))
        assert list((tmp_path / "cache" / "damcore" / "mnist").iterdir()) == []

    def test_second_mirror_when_the_first_fails(self, httpserver, digits, monkeypatch):
        bad = serve(httpserver, digits, "/bad", spoil)
        missing = httpserver.url_for("/missing")
        monkeypatch.setattr(_cache, "MIRRORS", (missing, bad, serve(httpserver, digits)))
        np.testing.assert_array_equal(mnist(download=True)[0], digits[IMAGES])

    def test_corrupt_cache_is_refused_and_repaired_by_a_download(self, httpserver, digits, tmp_path):
        path = write(tmp_path / "cache" / "damcore" / "mnist", digits) / f"{IMAGES}.gz"
        path.write_bytes(cut(path.read_bytes()))
        with refused(ValueError, r"truncated.*mnist\(download=True\)"):
            mnist()
        mnist(download=True, base_url=serve(httpserver, digits))
        assert path.read_bytes() == zipped(digits[IMAGES])
        assert len(httpserver.log) == 1

    def test_refuses_mirrors_that_do_not_answer(self, digits):
        with refused(ConnectionError, r"could not be downloaded.*http://127.0.0.1:9"):
            mnist(download=True, base_url="http://127.0.0.1:9/")

    @pytest.mark.parametrize("part", ["headers", "content"])
    def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(self, part, digits, monkeypatch, tmp_path):
        monkeypatch.setattr(_cache, "LIMIT", 1.0)
        with drip(part) as url, refused(ConnectionError, "did not send the file within 1 seconds"):
            mnist(download=True, base_url=url)
        assert list((tmp_path / "cache" / "damcore" / "mnist").iterdir()) == []

    def test_a_server_that_sends_too_much_is_left(self, httpserver, digits, monkeypatch, tmp_path):
        monkeypatch.setattr(_cache, "MOST", 10_000)
        with refused(ValueError, "the server sent more than 10000 bytes"):
            mnist(download=True, base_url=serve(httpserver, digits))
        assert list((tmp_path / "cache" / "damcore" / "mnist").iterdir()) == []

    def test_a_full_disk_is_called_a_full_disk(self, httpserver, digits, monkeypatch, tmp_path):
        def full(*_):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr("builtins.open", full)  # as `_download` opens its file
        with refused(OSError, r"cache folder .* cannot be written \(No space left on device\). Make room there"):
            mnist(download=True, base_url=serve(httpserver, digits))
        assert not list((tmp_path / "cache" / "damcore" / "mnist").glob("*.gz"))

    def test_what_a_killed_download_left_behind_is_removed(self, httpserver, digits, tmp_path):
        folder = tmp_path / "cache" / "damcore" / "mnist"
        folder.mkdir(parents=True)
        old, running = folder / "tmpabcdefg", folder / "tmphijklmn"
        for file in (old, running):
            file.write_bytes(b"half a file")
        os.utime(old, (0, 0))
        mnist(download=True, base_url=serve(httpserver, digits))
        assert not old.exists() and running.exists()

    def test_refuses_a_cache_that_cannot_be_written(self, tmp_path, digits):
        (tmp_path / "cache").write_text("a file where a folder must be")
        with refused(OSError, r"cache folder .* cannot be written.*`source`"):
            mnist(download=True, base_url="http://127.0.0.1:9/")

    def test_refuses_an_address_without_a_download(self):
        with refused(ValueError, "pass `download=True`"):
            mnist(base_url="http://127.0.0.1:9/")

    def test_official_addresses_and_hashes_are_complete(self):
        assert all(mirror.startswith("https://") for mirror in _cache.MIRRORS)
        assert set(_cache.DOWNLOADS) == {f"{file.name}.gz" for files in FULL.values() for file in files}


class TestBundle:
    def test_keeps_the_first_of_each_class_in_order(self):
        labels = np.array([1, 0, 1, 1, 0, 2, 0, 2])
        images = np.arange(8, dtype=np.uint8)[:, None, None] * np.ones((28, 28), np.uint8)
        kept, classes = bundle(images, labels, 2)
        assert kept[:, 0, 0].tolist() == [0, 1, 2, 4, 5, 7]
        assert classes.tolist() == [1, 0, 1, 0, 2, 2]

    def test_refuses_more_than_there_are(self):
        with refused(ValueError, "`per_class` is 2, but class 1 has only 1 images"):
            bundle(np.zeros((3, 28, 28), np.uint8), np.array([0, 0, 1]), 2)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


class TestRandomPatterns:
    def test_are_bipolar_independent_and_the_same_in_every_dtype(self):
        patterns = random_patterns(200, 500, generator=seeded())
        assert patterns.dtype == torch.float64
        assert patterns.unique().tolist() == [-1, 1]
        # Means of 1e5 and overlaps of 500 fair signs: five standard deviations.
        assert abs(patterns.mean()) < 5 / 100_000**0.5
        overlaps = patterns @ patterns.T / 500
        assert (overlaps - torch.eye(200)).abs().max() < 5.5 / 500**0.5
        single = random_patterns(200, 500, generator=seeded(), dtype=torch.float32)
        assert single.dtype == torch.float32
        assert torch.equal(single.double(), patterns)

    @pytest.mark.parametrize(("sizes", "name"), [((0, 5), "n_patterns"), ((5, 0), "n_neurons")])
    def test_refuses_no_patterns_and_no_neurons(self, sizes, name):
        with refused(ValueError, f"`{name}` must be at least 1, got 0"):
            random_patterns(*sizes, generator=seeded())

    def test_refuses_whole_numbers_as_dtype(self):
        with refused(TypeError, r"`dtype` must be a floating dtype, got torch.int64"):
            random_patterns(2, 5, generator=seeded(), dtype=torch.int64)

    def test_refuses_to_draw_from_the_global_generator(self):
        with refused(TypeError, "generator"):
            random_patterns(2, 5, generator=None)  # pyright: ignore[reportArgumentType]


class TestBinarise:
    @pytest.mark.parametrize("threshold", [0, 127, 254])
    def test_equals_the_loop(self, threshold):
        images = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
        states = binarise(images, threshold)
        for b, y, x in np.ndindex(images.shape):
            assert states[b, 5 * y + x] == (1 if images[b, y, x] > threshold else -1)

    def test_the_threshold_itself_is_background(self):
        assert binarise(np.array([[[126, 127, 128]]], np.uint8)).tolist() == [[-1, -1, 1]]

    def test_takes_tensors_and_dtypes(self):
        images = torch.tensor([[[0, 255]]], dtype=torch.uint8)
        assert binarise(images, dtype=torch.float32).dtype == torch.float32
        assert torch.equal(binarise(images), binarise(images.numpy()))

    def test_digits_become_states(self):
        images, _ = mnist("test")
        states = binarise(images)
        assert states.shape == (1000, 784)
        assert states.unique().tolist() == [-1, 1]

    @pytest.mark.parametrize(
        ("images", "threshold", "kind", "message"),
        [
            (np.zeros((2, 3, 3)), 127, TypeError, "must be uint8, got torch.float64"),
            (np.zeros((3, 3), np.uint8), 127, ValueError, r"must have shape \(n, height, width\), got \(3, 3\)"),
            (np.zeros((0, 3, 3), np.uint8), 127, ValueError, "`images` is empty"),
            (np.zeros((2, 3, 3), np.uint8), 255, ValueError, "`threshold` must be between 0 and 254, got 255"),
        ],
    )
    def test_refuses_what_is_no_picture(self, images, threshold, kind, message):
        with refused(kind, message):
            binarise(images, threshold)


class TestFlip:
    @pytest.mark.parametrize(
        ("fraction", "count"), [(0.0, 0), (0.004, 0), (0.1, 10), (0.105, 10), (0.115, 12), (0.333, 33), (1.0, 100)]
    )
    def test_flips_exactly_so_many_of_each_state(self, fraction, count):
        states = random_patterns(50, 100, generator=seeded())
        kept = states.clone()
        noisy = flip(states, fraction, generator=seeded(1))
        assert ((noisy != states).sum(-1) == count).all()
        assert noisy.unique().tolist() == [-1, 1]
        assert torch.equal(states, kept)

    def test_batch_equals_one_by_one(self):
        states = random_patterns(6, 20, generator=seeded()).reshape(2, 3, 20)
        one_by_one = seeded(1)
        expected = [flip(state[None], 0.3, generator=one_by_one) for state in states.flatten(0, 1)]
        assert torch.equal(flip(states, 0.3, generator=seeded(1)), torch.cat(expected).reshape(2, 3, 20))

    def test_chooses_every_neuron_equally_often_and_afresh_for_each_state(self):
        noisy = flip(torch.ones(4000, 20), 0.25, generator=seeded())
        often = (noisy < 0).double().mean(0)
        assert (often - 0.25).abs().max() < 5 * (0.25 * 0.75 / 4000) ** 0.5
        assert len(noisy.unique(dim=0)) > 3000

    def test_chooses_the_same_in_every_dtype(self):
        states = random_patterns(5, 40, generator=seeded())
        single = flip(states.float(), 0.4, generator=seeded(1))
        assert single.dtype == torch.float32
        assert torch.equal(single.double(), flip(states, 0.4, generator=seeded(1)))

    @pytest.mark.parametrize("fraction", [-0.1, 1.1])
    def test_refuses_a_fraction_outside_0_to_1(self, fraction):
        with refused(ValueError, f"`fraction` must be between 0 and 1, got {fraction}"):
            flip(torch.ones(1, 4), fraction, generator=seeded())

    @pytest.mark.parametrize("damage", [flip, mask])
    @pytest.mark.parametrize(
        ("states", "message"),
        [
            (torch.zeros(1, 4), "must be bipolar"),
            (torch.full((1, 4), float("nan")), "must be bipolar"),
            (torch.ones(0, 4), "`states` is empty"),
            (torch.ones(4), "`states` must have shape"),
        ],
    )
    def test_refuses_what_are_no_states(self, damage, states, message):
        with refused((ValueError, TypeError), message):
            flip(states, 0.5, generator=seeded()) if damage is flip else mask(states, slice(2))


class TestMask:
    def test_lower_half_of_a_digit_is_hidden_and_the_upper_untouched(self):
        states = binarise(mnist("test")[0][:3])
        kept = states.clone()
        pictures = mask(states, lower_half()).reshape(3, 28, 28)
        assert (pictures[:, 14:] == -1).all()
        assert torch.equal(pictures[:, :14], kept.reshape(3, 28, 28)[:, :14])
        assert torch.equal(states, kept)

    def test_middle_row_of_an_odd_height_stays(self):
        pictures = mask(-torch.ones(1, 15), lower_half(5, 3), 1.0).reshape(5, 3)
        assert (pictures == 1).all(1).tolist() == [False, False, False, True, True]

    def test_slice_and_boolean_mask_agree_on_every_leading_axis(self):
        states = random_patterns(6, 20, generator=seeded()).reshape(2, 3, 20)
        chosen = torch.zeros(20, dtype=torch.bool)
        chosen[5:9] = True
        expected = states.clone()
        expected[:, :, 5:9] = 1
        assert torch.equal(mask(states, chosen, 1.0), expected)
        assert torch.equal(mask(states, slice(5, 9), 1.0), expected)

    def test_refuses_a_value_that_is_not_bipolar(self):
        with refused(ValueError, r"`value` must be -1 or \+1, got 0.0"):
            mask(torch.ones(1, 4), slice(2), 0.0)

    def test_refuses_a_mask_of_another_length(self):
        with refused(ValueError, r"`neurons` must have shape \(4,\).*got \(3,\)"):
            mask(torch.ones(1, 4), torch.ones(3, dtype=torch.bool))

    def test_refuses_what_is_neither_slice_nor_boolean(self):
        with refused(TypeError, "neurons"):
            mask(torch.ones(1, 4), torch.tensor([0, 1]))


def test_importing_the_datasets_reads_no_data_and_no_downloader():
    code = "import sys; import damcore.datasets; sys.exit('pooch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
