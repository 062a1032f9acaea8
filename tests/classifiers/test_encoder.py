"""Encoders as classifiers: where they are found, what is refused, and that tuning learns."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from traceanalytics.classifiers import pretrained
from traceanalytics.classifiers.base import NO, NOT_JUDGED, YES, Judged, candidates_of
from traceanalytics.classifiers.encoder import Encoder
from traceanalytics.classifiers.finetuning import held_out_rows
from traceanalytics.classifiers.models import digest_of_bytes, load_model, save_model
from traceanalytics.classifiers.options import read_options
from traceanalytics.classifiers.pretrained import PACKAGED, find_pretrained, read_pretrained
from traceanalytics.classifiers.refining import EncoderOptions
from traceanalytics.classifiers.vectors import Body, silent
from traceanalytics.errors import BadInput, BadModel, MissingExtra, UnknownName

YES_TEXTS = ("Let me check this sum.", "We should verify the total.", "I will double it, checking.")
NO_TEXTS = ("The sum is 12.", "So x equals 4.", "Then divide by two.")


def judged(behaviors: tuple[str, ...] = ("verification",)) -> Judged:
    texts = [text for _ in range(24) for text in (*YES_TEXTS, *NO_TEXTS)]
    candidates = candidates_of(texts, ["So."] * len(texts), [n / len(texts) for n in range(len(texts))])
    answers = np.full((len(texts), len(behaviors)), NOT_JUDGED, np.int8)
    answers[:, 0] = [YES if text in YES_TEXTS else NO for text in texts]
    return Judged(candidates, behaviors, answers, tuple(f"p{n // 6}" for n in range(len(texts))))


@pytest.fixture(scope="module")
def model(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    classifier = Encoder(EncoderOptions(str(tiny_encoder)))
    classifier.fit(judged())
    folder = tmp_path_factory.mktemp("model")
    save_model(classifier, folder, {})
    return folder


def changed(model: Path, folder: Path, card: dict[str, Any] | None = None, **files: bytes) -> Path:
    """Copy a model with other files or another card whose digests fit, as somebody who means harm would."""
    shutil.copytree(model, folder)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    names = [path.name for path in folder.iterdir() if path.name != "card.json"]
    fitting = {"files": {name: digest_of_bytes((folder / name).read_bytes()) for name in names}}
    whole = json.loads((folder / "card.json").read_text()) | fitting | (card or {})
    (folder / "card.json").write_text(json.dumps(whole))
    return folder


def test_weights_of_a_frozen_encoder_are_named_by_digest_and_not_copied(model: Path, tiny_encoder: Path) -> None:
    card = json.loads((model / "card.json").read_text())
    assert set(card["files"]) == {"heads.safetensors", "weights.npz"}
    assert card["encoder"] == {
        "name": str(tiny_encoder),
        "revision": "",
        "digest": find_pretrained(str(tiny_encoder), download=False).digest,
    }


def test_what_words_see_stands_and_the_encoder_adds_to_it(model: Path) -> None:
    classifier, _ = load_model(model)
    assert isinstance(classifier, Encoder)
    classifier._heads["by_words"][:] = 0
    candidates = judged().candidates
    said = np.random.default_rng(0).random((len(candidates), 1)).astype(np.float32)
    refined = classifier.refine(candidates, said)
    assert (refined >= said).all()
    assert (refined > said).any()


def test_fine_tuning_learns_and_is_saved_whole(tiny_encoder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    options = EncoderOptions(str(tiny_encoder), fine_tune=True, epochs=8, rate=3e-3, rows=8)
    classifier = Encoder(options, said.append)
    classifier.fit(judged())
    save_model(classifier, tmp_path / "tuned", {})
    loaded, card = load_model(tmp_path / "tuned")
    scores = loaded.score(judged().candidates)
    np.testing.assert_array_equal(scores, classifier.score(judged().candidates))
    assert ((scores[:, 0] >= 0.5) == (judged().answers[:, 0] == YES)).all()
    assert "model.safetensors" in card["files"]
    assert "epoch 1 of 8: held-out loss " in " ".join(said)


def test_fine_tuning_stops_when_the_held_out_part_gets_no_better(tiny_encoder: Path) -> None:
    said: list[str] = []
    unlearnable = judged()
    random = np.random.default_rng(0).integers(0, 2, unlearnable.answers.shape).astype(np.int8)
    options = EncoderOptions(str(tiny_encoder), fine_tune=True, epochs=30, rate=3e-3, rows=8)
    Encoder(options, said.append).fit(replace(unlearnable, answers=random))
    assert 2 < sum("held-out loss" in line for line in said) < 30


def test_the_held_out_part_is_whole_prompts() -> None:
    rows, groups = held_out_rows(judged()), np.array(judged().groups)
    assert 0 < rows.sum() < len(rows)
    assert not set(groups[rows]) & set(groups[~rows])


def test_equal_texts_are_encoded_once_and_long_ones_first() -> None:
    seen: list[int] = []

    class Letters:
        def __call__(self, texts: list[str], **_: Any) -> dict[str, list[list[int]]]:
            return {"input_ids": [[ord(letter) for letter in text] for text in texts]}

        def pad(self, columns: dict[str, list[list[int]]], **_: Any) -> dict[str, np.ndarray]:
            width = max(map(len, columns["input_ids"]))
            return {"input_ids": np.array([row + [0] * (width - len(row)) for row in columns["input_ids"]])}

    def forward(arrays: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(len(arrays["input_ids"]))
        return arrays["input_ids"].sum(axis=1, keepdims=True).astype(np.float32)

    body = Body(Letters(), forward, width=1, max_tokens=9, tokens_at_once=6)  # type: ignore[arg-type]
    found = body.vectors(["ab", "a", "ab", "abcdef", "a"], None, silent)
    assert found[:, 0].tolist() == [195, 97, 195, 597, 97]
    assert seen == [1, 2]


def test_the_packaged_encoder_is_found_without_importing_its_package() -> None:
    import sys

    found = find_pretrained(PACKAGED, download=False)
    assert (found.name, found.folder.name) == (PACKAGED, "model")
    assert PACKAGED.replace("-", "_") not in sys.modules


def test_an_encoder_in_the_cache_of_the_hub_is_found_offline(
    tiny_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    repository = tmp_path / "models--some--encoder"
    shutil.copytree(tiny_encoder, repository / "snapshots" / "0a1b2c")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0a1b2c")
    found = find_pretrained("some/encoder", download=False)
    assert (found.name, found.revision) == ("some/encoder", "0a1b2c")


@pytest.mark.parametrize(
    ("name", "offline", "message"),
    [
        ("./no/such/folder", True, r"./no/such/folder: no folder; an encoder is a folder, a hub id such as owner/name"),
        ("some/encoder", True, r"encoder 'some/encoder' is not on this machine; .*: hf download some/encoder$"),
        ("some/encoder@v1", True, r"where there is a network: hf download some/encoder --revision v1$"),
        ("some/encoder", False, r"is not on this machine, and the hub gave nothing; .*some/encoder \(no route\)$"),
    ],
)
def test_an_encoder_that_cannot_be_had_is_one_line_that_says_how_to_get_it(
    name: str, offline: bool, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from huggingface_hub.errors import LocalEntryNotFoundError

    def no_network(*_: Any, local_files_only: bool = False, **__: Any) -> str:
        if not local_files_only and offline:
            pytest.fail("the hub was asked")
        raise LocalEntryNotFoundError("no\nroute")

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
    monkeypatch.setattr("huggingface_hub.snapshot_download", no_network)
    with pytest.raises(BadInput, match=message):
        find_pretrained(name, download=True)


def spoil(folder: Path, how: str) -> None:
    config = json.loads((folder / "config.json").read_text())
    weights = folder / "model.safetensors"
    if how == "no config":
        (folder / "config.json").unlink()
    elif how == "no weights":
        weights.unlink()
    elif how == "pickle only":
        weights.rename(folder / "pytorch_model.bin")
    elif how == "pickle inside":
        weights.write_bytes(b"\x80\x04cposix\nsystem\n(S'touch spoiled'\ntR.")
    elif how == "truncated":
        weights.write_bytes(weights.read_bytes()[:-1000])
    elif how == "header without end":
        weights.write_bytes((2**62).to_bytes(8, "little") + weights.read_bytes()[8:])
    elif how == "no numbers":
        tensors = load_file(weights)
        name = "embeddings.word_embeddings.weight"
        save_file(tensors | {name: np.full_like(tensors[name], np.nan)}, weights, {"format": "pt"})
    elif how == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    elif how == "torn config":
        (folder / "config.json").write_text("{")
    elif how == "other width":
        (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 32}))
    elif how == "more layers":
        (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    elif how == "own code":
        (folder / "config.json").write_text(json.dumps(config | {"model_type": "x", "auto_map": {"AutoModel": "m.M"}}))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("no config", "encoder: no config.json; an encoder is a folder that Transformers has saved"),
        ("no weights", r"encoder: no weights; an encoder's weights are read from \*.safetensors alone"),
        ("pickle only", "encoder: only pytorch_model.bin, which is a pickle; an encoder's weights are read from"),
        ("pickle inside", "encoder: cannot be read as an encoder: SafetensorError"),
        ("truncated", "encoder: cannot be read as an encoder: SafetensorError"),
        ("header without end", "encoder: cannot be read as an encoder: SafetensorError"),
        (
            "no numbers",
            "encoder: its weights embeddings.word_embeddings.weight hold what is no number, NaN or infinity",
        ),
        ("no tokenizer", "encoder: no tokenizer.json; save the encoder's tokenizer beside its weights"),
        ("torn config", "encoder: cannot be read as an encoder: OSError"),
        ("other width", "encoder: cannot be read as an encoder: RuntimeError"),
        ("more layers", "encoder: its weights lack encoder.layer.2.attention.output.LayerNorm.bias and 15 more that"),
        ("own code", "encoder: cannot be read as an encoder: ValueError"),
    ],
)
def test_a_damaged_encoder_is_refused_in_one_line(how: str, message: str, tiny_encoder: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_encoder, tmp_path / "encoder")
    spoil(tmp_path / "encoder", how)
    with pytest.raises(BadModel, match=message) as refusal:
        read_pretrained(tmp_path / "encoder")
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ({"encoder": "minilm"}, "card.json: 'encoder' is 'minilm'; it must hold name, revision and digest"),
        ({"fine_tuned": 1}, "card.json: 'fine_tuned' is 1; it must be true or false"),
        ({"max_tokens": 2}, "card.json: 'max_tokens' is 2; it must be a whole number, at least 8"),
        ({"words": {"behaviors": ["planning"]}}, "card.json: 'words' must be what a model of hashed words says"),
        ({"files": {"../../outside": "0"}}, "outside: missing; train the model again"),
        ({"behaviors": ["a", "b"], "words": {"behaviors": ["a", "b"]}}, "weights.npz: no weights: "),
    ],
)
def test_a_card_that_means_harm_is_refused_in_one_line(
    card: dict[str, Any], message: str, model: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadModel, match=message) as refusal:
        load_model(changed(model, tmp_path / "model", card))
    assert "\n" not in str(refusal.value)


def test_a_pickle_in_place_of_the_heads_is_refused_and_not_run(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    harm = b"cposix\nsystem\n(S'touch ran'\ntR."
    with pytest.raises(BadModel, match=r"heads.safetensors: no heads in safetensors: "):
        load_model(changed(model, tmp_path / "model", heads__safetensors=harm))
    assert not (tmp_path / "ran").exists()


def test_heads_of_another_shape_are_refused(model: Path, tmp_path: Path) -> None:
    heads = load_file(model / "heads.safetensors")
    save_file(heads | {"bias": np.zeros(7, np.float32)}, tmp_path / "other")
    content = (tmp_path / "other").read_bytes()
    with pytest.raises(BadModel, match=r"heads.safetensors: 'bias' is float32\[7\] where float32\[1\] is right"):
        load_model(changed(model, tmp_path / "model", heads__safetensors=content))


def test_heads_that_are_no_numbers_are_refused(model: Path, tmp_path: Path) -> None:
    heads = load_file(model / "heads.safetensors")
    save_file(heads | {"bias": np.full_like(heads["bias"], np.nan)}, tmp_path / "other")
    content = (tmp_path / "other").read_bytes()
    with pytest.raises(BadModel, match=r"heads.safetensors: 'bias' holds what is no number, NaN or infinity"):
        load_model(changed(model, tmp_path / "model", heads__safetensors=content))


def test_another_encoder_under_the_same_name_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    encoder = tmp_path / "encoder"
    shutil.copytree(tiny_encoder, encoder)
    classifier = Encoder(EncoderOptions(str(encoder)))
    classifier.fit(judged())
    save_model(classifier, tmp_path / "model", {})
    config = json.loads((encoder / "config.json").read_text())
    (encoder / "config.json").write_text(json.dumps(config | {"hidden_act": "relu"}))
    with pytest.raises(BadModel, match=r"is not the one that the model was trained with; train it again"):
        load_model(tmp_path / "model")
    shutil.rmtree(encoder)
    with pytest.raises(BadModel, match=r"card.json: .*encoder: no folder; an encoder is a folder"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize("missing", ["torch", "transformers", "safetensors"])
def test_a_missing_extra_is_named_with_its_install_line(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    find = pretrained.find_spec
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None if name == missing else find(name))
    with pytest.raises(
        MissingExtra, match=r"the encoder needs the extra 'encoder': pip install 'traceanalytics\[encoder\]'"
    ):
        Encoder().fit(judged())


def test_options_are_read_from_words() -> None:
    words = ["mine/", "--model", "some/encoder", "--fine-tune", "others.jsonl", "--rate=0.001", "--no-int8"]
    expected = EncoderOptions("some/encoder", fine_tune=True, rate=0.001, int8=False)
    assert read_options("encoder", EncoderOptions, words) == (expected, ["mine/", "others.jsonl"])


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["--modle", "x"], UnknownName, "no option of encoder is called '--modle'. Did you mean '--model'?"),
        (["--model"], BadInput, "--model needs a value: the encoder: a folder, a hub id"),
        (["--epochs", "few"], BadInput, "--epochs is 'few'; it must be a whole number"),
        (["--rate", "low"], BadInput, "--rate is 'low'; it must be a number"),
        (["--fine-tune=yes"], BadInput, "--fine-tune takes no value; 'yes' was given"),
    ],
)
def test_a_wrong_option_is_answered_with_what_is_right(words: list[str], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as refusal:
        read_options("encoder", EncoderOptions, words)
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (EncoderOptions(device="tpu"), "--device is 'tpu'; it must be auto, cpu or cuda"),
        (EncoderOptions(max_tokens=3), "--max-tokens is 3; it must be at least 8"),
        (EncoderOptions(epochs=0), "--epochs is 0; it must be at least 1"),
        (EncoderOptions(rows=0), "--rows is 0; it must be at least 1"),
    ],
)
def test_an_option_out_of_range_is_refused(options: EncoderOptions, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        Encoder(options).fit(judged())


def test_a_gpu_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(BadInput, match="--device cuda: PyTorch sees no GPU here; leave the option out to run on the"):
        Encoder(EncoderOptions(device="cuda")).fit(judged())
