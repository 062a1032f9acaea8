import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from traceanalytics.classifiers.arrays import read_arrays
from traceanalytics.errors import BadModel

WANTED = {"weights": ((3, 2), np.int8), "bias": ((2,), np.float32)}
GOOD = {"weights": np.arange(6, dtype=np.int8).reshape(3, 2), "bias": np.ones(2, np.float32)}


def npy(array: np.ndarray, *, pickled: bool = False) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=pickled)
    return stream.getvalue()


def write(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def test_what_was_saved_is_read(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", **GOOD)
    read = read_arrays(tmp_path / "a.npz", WANTED)
    assert {name: array.tolist() for name, array in read.items()} == {
        name: array.tolist() for name, array in GOOD.items()
    }


HUGE = npy(GOOD["bias"]).replace(b"(2,)", b"(9999999999999,)", 1)
LONG = b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535
BIAS = npy(GOOD["bias"])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (npy(np.zeros((4, 2), np.int8)), r"'weights' is int8\[4, 2\] where int8\[3, 2\] is right"),
        (npy(np.zeros((3, 2), np.float64)), r"'weights' is float64\[3, 2\] where int8\[3, 2\] is right"),
        (npy(np.asfortranarray(GOOD["weights"])), r"by columns where"),
        (npy(np.array([[{}]], object), pickled=True), r"'weights' is object\[1, 1\] where"),
        (npy(GOOD["weights"])[:-1], "'weights' holds 5 bytes where 6 is right"),
        (npy(GOOD["weights"]) + b"x" * 1_000_000, "'weights' holds 7 bytes where 6 is right"),
        (HUGE, r"'weights' is float32\[9999999999999\] where"),
        (LONG, "Header info length"),
        (b"", "no weights: "),
        (b"cos\nsystem\n(S'true'\ntR.", "magic string is not correct"),
    ],
    ids=["shape", "type", "order", "pickled", "short", "long", "huge", "long header", "empty", "no array"],
)
def test_an_array_that_is_not_the_right_one_is_refused(weights: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(BadModel, match=message) as refusal:
        read_arrays(write(tmp_path / "a.npz", weights=weights, bias=BIAS), WANTED)
    assert "\n" not in str(refusal.value)
    assert str(refusal.value).endswith("; train the model again")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    whole = write(tmp_path / "a.npz", weights=npy(GOOD["weights"]), bias=BIAS).read_bytes()
    for length in (0, 10, len(whole) // 2, len(whole) - 5):
        (tmp_path / "a.npz").write_bytes(whole[:length])
        with pytest.raises(BadModel, match="no weights: "):
            read_arrays(tmp_path / "a.npz", WANTED)


def test_a_file_with_other_arrays_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.npz", weights=npy(GOOD["weights"]), bias=BIAS, **{"../../outside": b"x"})
    with pytest.raises(BadModel, match=r"it holds ../../outside.npy, bias.npy, weights.npy where bias.npy, weights"):
        read_arrays(path, WANTED)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_refused(value: float, tmp_path: Path) -> None:
    bias = npy(np.array([1, value], np.float32))
    with pytest.raises(BadModel, match="'bias' holds what is no number, NaN or infinity; train the model again"):
        read_arrays(write(tmp_path / "a.npz", weights=npy(GOOD["weights"]), bias=bias), WANTED)
