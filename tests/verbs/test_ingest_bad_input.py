"""What logs of the real world hold: every spoiled line and file, what becomes of it, and what is said."""

import gzip
import io
import json
import os
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import zstandard

from traceanalytics.errors import BadInput
from traceanalytics.store.store import Store
from traceanalytics.verbs.ingest import IngestReport, ingest

LONG_AGO = 1_700_000_000
GOOD: dict[str, Any] = {"input": "2+2?", "output": "4", "gts": "4", "score": 1.0, "step": 1}
LINE = json.dumps(GOOD).encode()


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    return folder


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def rows(store: Store, statement: str) -> list[Any]:
    return [tuple(row.values()) for row in store.sql(statement).to_pylist()]


def counts(report: IngestReport) -> tuple[int, ...]:
    return tuple(report.total(name) for name in ("rollouts", "rejects", "blanks"))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE[:30], "torn: it ends inside a string"),
        (LINE[:-1], "torn: it ends inside a record"),
        (b"\0" * 40, "NUL bytes instead of a record, as a crash leaves them"),
        (b"Traceback (most recent call last):", "no JSON: Expecting value at character 0"),
        (b'{"input": "2+2?",}', "no JSON: "),
        (b"[1, 2]", "found a list, where a record is an object"),
        (b"null", "found null, where a record is an object"),
        (b"{}", "lacks input, output, score, step; a verl record holds input, output, score, step"),
        (b'{"input": "2+2?", "output": null, "score": 1, "step": 1}', "holds no response"),
        (b'{"input": ' + b"[" * 3000 + b"]" * 3000 + b"}", "no JSON that can be read: it is nested too deep"),
        (b'{"step": ' + b"9" * 5000 + b"}", "no JSON that can be read: Exceeds the limit (4300 digits)"),
    ],
    ids=[
        "torn",
        "unclosed",
        "NUL",
        "traceback",
        "trailing comma",
        "list",
        "null",
        "empty",
        "no response",
        "deep",
        "digits",
    ],
)
def test_a_bad_line_is_kept_with_its_reason(store: Store, run: Path, line: bytes, reason: str) -> None:
    put(run / "1.jsonl", LINE + b"\n" + line + b"\n" + LINE + b"\n")
    assert counts(ingest([run], store=store)) == (2, 1, 0)
    ((number, byte, said, raw),) = rows(store, "SELECT line, byte, reason, raw FROM rejects")
    assert (number, byte, raw) == (2, len(LINE) + 1, line.decode())
    assert said.startswith(reason)


@pytest.mark.parametrize(
    ("line", "column", "found"),
    [
        (b'{"input": "a", "output": "b", "score": NaN, "step": 1}', "reward, extra", (None, '{"score":"NaN"}')),
        (b'{"input": "a", "output": "b", "score": 1, "step": 1, "x": [-Infinity]}', "extra", ('{"x":["-Infinity"]}',)),
        (b'{"input": "a", "output": "b\xff", "score": 1, "step": 1}', "response", ("b\ufffd",)),
        (b'{"input": "a", "output": "b\\ud83d", "score": 1, "step": 1}', "response", ("b\ufffd",)),
        (b'{"input": "a", "output": "b\\u0000c", "score": 1, "step": 1}', "response", ("b\0c",)),
        (b'{"input": "a", "output": "b", "score": 1, "step": 1}\r', "response, extra", ("b", None)),
        ('{"input": "a", "output": "b\u2028c\x85", "score": 1, "step": 1}'.encode(), "response", ("b\u2028c\x85",)),
        (b'{"input": "a", "output": "b", "score": 1, "step": 1, "output": "c"}', "response", ("c",)),
        (b'{"input": "a", "output": "b", "score": "high", "step": 1}', "reward, extra", (None, '{"score":"high"}')),
        (b'{"input": "a", "output": "b\tc", "score": 1, "step": 1}', "response", ("b\tc",)),
        (b'{"input": "a", "output": "b", "score": 1, "step": 1, "n": %d}' % (10**25), "extra", (f'{{"n":{10**25}}}',)),
        (b'{"input": "a", "output": 5, "score": true, "step": "1"}', "response, reward, step", ("5", 1.0, 1)),
    ],
    ids=[
        "NaN", "infinity", "bad UTF-8", "lone surrogate", "NUL", "CRLF", "U+2028", "duplicate key", "changed type",
        "raw tab", "large integer", "other types",
    ],
)  # fmt: skip
def test_an_odd_line_is_a_rollout_all_the_same(
    store: Store, run: Path, line: bytes, column: str, found: tuple[Any, ...]
) -> None:
    put(run / "1.jsonl", LINE + b"\n" + line + b"\n")
    assert counts(ingest([run], store=store)) == (2, 0, 0)
    assert rows(store, f"SELECT {column} FROM rollouts WHERE line = 2") == [found]


def test_a_byte_order_mark_and_blank_lines_cost_nothing(store: Store, run: Path) -> None:
    put(run / "1.jsonl", b"\xef\xbb\xbf" + LINE + b"\n\n  \r\n" + LINE + b"\n")
    assert counts(ingest([run], store=store)) == (2, 0, 2)
    assert rows(store, "SELECT line FROM rollouts ORDER BY line") == [(1,), (4,)]


def test_a_record_glued_to_a_torn_one_is_saved(store: Store, run: Path) -> None:
    put(run / "1.jsonl", LINE + b"\n" + LINE[:25] + LINE + b"\n" + LINE + LINE + b"\n")
    assert counts(ingest([run], store=store)) == (4, 1, 0)
    assert rows(store, "SELECT line, raw FROM rejects") == [(2, LINE[:25].decode())]
    assert rows(store, "SELECT line, item FROM rollouts ORDER BY ALL") == [(1, None), (2, None), (3, 0), (3, 1)]


def test_a_key_that_comes_late_is_kept(store: Store, run: Path) -> None:
    late = json.dumps({**GOOD, "late": {"a": [1]}}).encode()
    put(run / "1.jsonl", (LINE + b"\n") * 300 + late + b"\n")
    ingest([run], store=store)
    assert rows(store, "SELECT line, extra FROM rollouts WHERE extra IS NOT NULL") == [(301, '{"late":{"a":[1]}}')]


def test_a_line_of_40_megabytes_is_a_rollout(store: Store, run: Path) -> None:
    long = json.dumps({**GOOD, "output": "wait " * 8_000_000}).encode()
    put(run / "1.jsonl", LINE + b"\n" + long + b"\n")
    assert counts(ingest([run], store=store)) == (2, 0, 0)
    assert rows(store, "SELECT strlen(response) FROM rollouts WHERE line = 2") == [(40_000_000,)]


def packed_gz(data: bytes) -> bytes:
    return gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :])


def packed_zst(data: bytes) -> bytes:
    packer = zstandard.ZstdCompressor()
    return packer.compress(data[: len(data) // 2]) + packer.compress(data[len(data) // 2 :])


@pytest.mark.parametrize(("pack", "ending"), [(packed_gz, "gz"), (packed_zst, "zst")], ids=["gz", "zst"])
def test_packed_files_of_several_parts_are_read(
    store: Store, run: Path, pack: Callable[[bytes], bytes], ending: str
) -> None:
    put(run / f"1.jsonl.{ending}", pack((LINE + b"\n") * 5))
    assert counts(ingest([run], store=store)) == (5, 0, 0)


PACKS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "zst": zstandard.ZstdCompressor(write_content_size=False).compress,
    "zip": lambda data: zipped("a.log", data),
}


def zipped(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize("ending", PACKS)
@pytest.mark.parametrize("kind", ["jsonl", "json", "parquet", "csv"])
def test_every_shape_is_read_from_every_packing(store: Store, run: Path, kind: str, ending: str) -> None:
    found = [{"prompt": "2+2?", "response": f"{number} " * 40, "tag": number} for number in range(900)]
    written = io.BytesIO()
    if kind == "parquet":
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(found), written)
    elif kind == "csv":
        written.write(b"prompt,response,tag\n")
        written.writelines(f"2+2?,{row['response']},{row['tag']}\n".encode() for row in found)
    elif kind == "jsonl":
        written.writelines(json.dumps(row).encode() + b"\n" for row in found)
    else:
        written.write(json.dumps(found).encode())
    data = written.getvalue()
    put(run / f"a.{kind}.{ending}", zipped(f"a.{kind}", data) if ending == "zip" else PACKS[ending](data))
    assert counts(ingest([run], store=store)) == (900, 0, 0)
    assert counts(ingest([run], store=store)) == (0, 0, 0)


def test_a_skippable_frame_before_the_records_is_passed_over(store: Store, run: Path) -> None:
    frame = b"\x50\x2a\x4d\x18\x04\x00\x00\x00pzst"
    put(run / "1.jsonl.zst", frame + zstandard.ZstdCompressor().compress(LINE + b"\n"))
    assert counts(ingest([run], store=store)) == (1, 0, 0)


@pytest.mark.parametrize("ending", ["gz", "zst"])
def test_of_a_packed_file_that_is_cut_off_the_beginning_is_kept(store: Store, run: Path, ending: str) -> None:
    lines = b"".join(json.dumps({**GOOD, "output": os.urandom(60_000).hex()}).encode() + b"\n" for _ in range(9))
    whole = PACKS[ending](lines)
    put(run / f"1.jsonl.{ending}", whole[: len(whole) * 2 // 3])
    rollouts, rejects, _ = counts(ingest([run], store=store))
    assert (4 <= rollouts <= 6, rejects) == (True, 1)
    assert rows(store, "SELECT line, reason FROM rejects") == [(rollouts + 1, "the compressed file is cut off")]


def test_all_that_can_be_unpacked_of_a_cut_file_is_kept(store: Store, run: Path) -> None:
    lines = b"".join(json.dumps({**GOOD, "output": f"It is {number}."}).encode() + b"\n" for number in range(5000))
    whole = gzip.compress(lines)
    cut = whole[: len(whole) // 2]
    put(run / "1.jsonl.gz", cut)
    there = zlib.decompressobj(wbits=31).decompress(cut).count(b"\n")
    assert counts(ingest([run], store=store)) == (there, 1, 0)
    assert there > 1000


def test_a_file_cut_off_behind_a_whole_record_keeps_it_and_says_so(store: Store, run: Path) -> None:
    put(run / "1.jsonl.gz", gzip.compress(LINE + b"\n" + LINE)[:-8])
    assert counts(ingest([run], store=store)) == (2, 1, 0)
    assert rows(store, "SELECT line, byte, raw FROM rejects") == [(3, 2 * len(LINE) + 1, "")]


def test_members_of_a_zip_are_files_of_the_run(store: Store, run: Path) -> None:
    with zipfile.ZipFile(run / "dump.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("steps/2.jsonl", LINE + b"\n")
        archive.writestr("steps/10.jsonl.gz", gzip.compress(LINE + b"\n"))
        archive.writestr("__MACOSX/steps/._2.jsonl", b"\0\5")
    report = ingest([run], store=store)
    assert (report.files, counts(report), report.skipped) == (2, (2, 0, 0), [])
    paths = sorted(path.rpartition("/run/")[2] for (path,) in rows(store, "SELECT path FROM files"))
    assert paths == ["dump.zip!steps/10.jsonl.gz", "dump.zip!steps/2.jsonl"]
    assert ingest([run], store=store).files == 0


def zip_with(path: Path, name: str, data: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return path


def fifo(path: Path) -> Path:
    os.mkfifo(path)
    return path


def loop(path: Path) -> Path:
    path.symlink_to(path)
    return path


def encrypted_zip(path: Path) -> Path:
    zip_with(path, "1.jsonl", LINE)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda f: put(f / "1.jsonl", b""), "1.jsonl: it is empty"),
        (
            lambda f: put(f / "1.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 12345\n"),
            "a Git LFS pointer instead of the file of 12,345 bytes; run `git lfs pull`, then ingest again",
        ),
        (
            lambda f: put(f / "1.parquet", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"),
            "a Git LFS pointer instead of the file of 5 bytes; run `git lfs pull`, then ingest again",
        ),
        (lambda f: put(f / "1.data", pickle.dumps([GOOD])), "a pickle, which runs code when it is loaded; write the"),
        (lambda f: put(f / "1.pkl", b"cos\nsystem\n"), "a pickle, which runs code when it is loaded; write the"),
        (lambda f: zip_with(f / "1.pt", "archive/data.pkl", b"x"), "a pickle, which runs code when it is loaded"),
        (lambda f: put(f / "notes.txt", b"hello"), "it is no JSON, Parquet, Arrow or CSV"),
        (lambda f: put(f / "1.parquet", b"PAR1" + b"x" * 99), "its first record cannot be read: the Parquet file"),
        (lambda f: put(f / "1.jsonl.gz", b"\x1f\x8b\x08\x00broken"), "the compressed file is cut off"),
        (lambda f: put(f / "1.jsonl.gz", gzip.compress(LINE * 9)[:60]), "first record cannot be read: the compressed"),
        (lambda f: put(f / "1.jsonl", LINE.decode().encode("utf-16")), "1.jsonl: it is UTF-16; write it in UTF-8"),
        (lambda f: fifo(f / "pipe"), "pipe: neither a file nor a folder; write what it gives to a file first"),
        (lambda f: loop(f / "loop"), "loop: Too many levels of symbolic links"),
        (lambda f: put(f / "a.zip", b"PK\x03\x04broken"), "a zip archive that cannot be read: File is not a zip file"),
        (
            lambda f: zip_with(f / "a.zip", "../../home/me/.bashrc.jsonl", LINE),
            "its member '../../home/me/.bashrc.jsonl' would land outside the archive's folder; pack it again with rel",
        ),
        (
            lambda f: zip_with(f / "a.zip", "1.jsonl", b"\0" * 20_000_000),
            "bytes, more than 1000 times; unpack it if you trust it, and ingest the folder",
        ),
        (lambda f: encrypted_zip(f / "a.zip"), "its member '1.jsonl' is encrypted; unpack it and ingest the folder"),
        (lambda f: put(f / "a.tar", b"x" * 257 + b"ustar"), "a tar archive; unpack it and ingest the folder"),
        (lambda f: put(f / "1.jsonl", b"{}\n"), "no reader knows its records, the first of which holds no keys; the"),
        (lambda f: put(f / "1.jsonl", LINE[:9] + b"\n"), "its first record cannot be read: torn: it ends"),
        (lambda f: f, "there are no files in it"),
        (lambda f: f / "nowhere", "no such file or folder"),
    ],
    ids=[
        "empty", "LFS", "LFS parquet", "pickle", "pickle by name", "torch", "text", "parquet", "gz", "cut", "UTF-16",
        "pipe", "loop", "zip", "outside", "bomb", "encrypted", "tar", "no keys", "torn", "no files", "missing",
    ],
)  # fmt: skip
def test_a_path_without_rollouts_is_refused_in_one_line(
    store: Store, run: Path, make: Callable[[Path], Path], message: str
) -> None:
    path = make(run)
    with pytest.raises(BadInput) as refused:
        ingest([path], store=store)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(path) in str(refused.value)


def test_hostile_files_beside_good_ones_are_skipped_with_their_reason(store: Store, run: Path) -> None:
    put(run / "1.jsonl", LINE + b"\n")
    put(run / "2.pkl", pickle.dumps(GOOD))
    put(run / "3.jsonl", b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n")
    reasons = {each.name: each.reason[:20] for each in ingest([run], store=store).skipped}
    assert reasons == {"2.pkl": "a pickle, which runs", "3.jsonl": "a Git LFS pointer in"}


PLAIN = [{"prompt": "2+2?", "response": "4", "tag": number} for number in range(3)]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.jsonl", json.dumps(PLAIN, indent=2).encode()),
        ("a.json", json.dumps(PLAIN).encode()),
        ("a.json", json.dumps({key: [row[key] for row in PLAIN] for key in PLAIN[0]}).encode()),
        ("a.json", json.dumps({key: [row[key] for row in PLAIN] for key in PLAIN[0]}, indent=1).encode()),
        ("a.csv", b'prompt,response,tag\n2+2?,4,0\n"2+2?","4",1\n2+2?,4,2\n'),
    ],
    ids=["array named jsonl", "array", "columns", "pretty columns", "csv"],
)
def test_plain_is_read_in_every_shape(store: Store, run: Path, name: str, data: bytes) -> None:
    path = put(run / name, data)
    assert counts(ingest([path], store=store)) == (3, 0, 0)
    found = rows(store, "SELECT response, (extra->>'tag')::INTEGER FROM rollouts ORDER BY ALL")
    assert found == [("4", 0), ("4", 1), ("4", 2)]


def test_parquet_is_read(store: Store, run: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(PLAIN), run / "a.parquet")
    assert counts(ingest([run], store=store)) == (3, 0, 0)
    assert rows(store, "SELECT extra FROM rollouts WHERE line = 2") == [('{"tag":1}',)]


def test_a_folder_that_datasets_saved_is_read(store: Store, tmp_path: Path) -> None:
    import datasets

    datasets.DatasetDict({"test": datasets.Dataset.from_list(PLAIN)}).save_to_disk(tmp_path / "saved")
    report = ingest([tmp_path / "saved"], store=store)
    assert counts(report) == (3, 0, 0)
    assert rows(store, "SELECT DISTINCT split FROM rollouts") == [("eval",)]


def test_a_torn_array_gives_what_is_whole(store: Store, run: Path) -> None:
    put(run / "a.json", json.dumps(PLAIN).encode()[:-20])
    assert counts(ingest([run], store=store)) == (2, 1, 0)
    assert rows(store, "SELECT line, reason FROM rejects") == [(3, "torn: the array ends before its closing bracket")]


def test_what_is_no_object_in_an_array_is_kept_as_a_reject(store: Store, run: Path) -> None:
    put(run / "a.json", json.dumps([PLAIN[0], None, "x", PLAIN[1], 5]).encode())
    assert counts(ingest([run], store=store)) == (2, 3, 0)
    found = rows(store, "SELECT line, reason, raw FROM rejects ORDER BY line")
    assert found[0] == (2, "found null, where a record is an object", "null")
    assert [line for line, *_ in found] == [2, 3, 5]


def test_a_csv_row_of_another_width_is_a_reject(store: Store, run: Path) -> None:
    put(run / "a.csv", b"prompt,response\n2+2?,4\n2+2?,4,5\n")
    assert counts(ingest([run], store=store)) == (1, 1, 0)
    assert rows(store, "SELECT reason FROM rejects") == [("3 fields where the header names 2",)]
