"""Prediction of what comes next: symbols and vectors, windows, perplexity, and its own writing."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax
from specimens import PROBE, X, assert_same, weights

import mnemon
from mnemon import SequencePredictor, Sequences
from mnemon.errors import InvalidInput
from mnemon.estimators._pieces import Pieces

WORDS = ["abcabcabcab", "bcabcabc", "cabcabcabcabc"] * 6


def small(**parameters):
    defaults = {"cell": "elman", "units": 6, "epochs": 2, "batch_size": 8, "learning_rate": 0.05, "dropout": 0.0}
    return SequencePredictor(**defaults | {"random_state": 0, "window": 5} | parameters)


@pytest.fixture(scope="module")
def cycle():
    """A predictor that knows what follows what."""
    return small(epochs=40).fit(WORDS)


def test_pieces_hold_every_step_once_and_what_follows_it():
    whole = Sequences.from_strings(["abcdefg", "h", "ij"], "abcdefghij")
    pieces = Pieces.cut(whole, 4)
    assert [one.tolist() for one in pieces.xs] == [[0, 1, 2, 3], [4, 5], [8]]
    assert pieces.following.tolist() == [1, 2, 3, 4, 5, 6, 9]
    assert pieces.origin.tolist() == [0, 0, 2]
    assert [len(one) for one in Pieces.cut(whole, None).xs] == [6, 1]
    marked = Sequences([np.arange(3.0), np.arange(2.0)], boundaries=[[True, False, True], [False, True]])
    assert Pieces.cut(marked, 2).xs.flat_boundaries.tolist() == [True, False, False]


def test_it_learns(cycle):
    assert cycle.predict(["ab", "bcab", "c"]).tolist() == ["c", "c", "a"]
    assert cycle.perplexity(WORDS) < 1.3
    assert cycle.score(WORDS) == pytest.approx(-np.log(cycle.perplexity(WORDS)))
    assert cycle.predict_proba(["abc"]).shape == (1, 3)


def test_perplexity_is_of_whole_sequences(cycle):
    """By hand, from the network's own answers; a sequence of one symbol has nothing to be judged."""
    nats = []
    for word in WORDS[:3]:
        codes = np.array(["abc".index(symbol) for symbol in word])
        said = np.asarray(cycle.network_(jnp.asarray(codes[None], jnp.int32)).values[0], float)
        nats += list(-log_softmax(said, axis=1)[np.arange(len(codes) - 1), codes[1:]])
    assert cycle.perplexity([*WORDS[:3], "a"]) == pytest.approx(np.exp(np.mean(nats)), rel=1e-5)


def test_every_prefix_is_predicted_as_if_alone(cycle):
    (steps,) = cycle.predict_steps(["abca"])
    for t in range(1, 5):
        np.testing.assert_allclose(steps[t - 1], cycle.predict_proba(["abca"[:t]])[0], atol=1e-6)
    stream = cycle.predict_stream()
    np.testing.assert_allclose([stream.push(symbol) for symbol in "abca"], steps, atol=1e-6)


def test_it_writes(cycle):
    assert cycle.generate("ab", 7, temperature=0) == "cabcabc"
    assert cycle.generate(["a", "b"], 4, top_k=1, random_state=3) == "cabc"
    assert cycle.generate(length=3, temperature=0) == "bca"  # after the first symbol of the training data
    assert cycle.generate("ab", 30, random_state=1) == cycle.generate("ab", 30, random_state=1)
    daring = {cycle.generate("ab", 30, temperature=50.0, random_state=seed) for seed in range(3)}
    assert len(daring) == 3
    assert set("".join(daring)) == set("abc")


def test_only_the_likeliest_are_drawn(cycle):
    likely = np.argsort(cycle.predict_proba(["ab"])[0])[-2:]
    drawn = {cycle.generate("ab", 1, temperature=50.0, top_k=2, random_state=seed) for seed in range(30)}
    assert drawn == {"abc"[k] for k in likely}


def test_several_networks_write_what_their_mean_says():
    pair = small(n_networks=2, epochs=40).fit(WORDS)
    text = "ab"
    for _ in range(5):
        text += pair.predict([text])[0]
    assert pair.generate("ab", 5, temperature=0) == text[2:]


def test_words_are_symbols_too():
    sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 8
    predictor = small(epochs=40, embedding=3).fit(sentences)
    assert predictor.generate(["the", "cat"], 1, temperature=0) == ["sat"]
    assert predictor.network_.layers.layers[0].output_size == 3


def test_vectors_are_foreseen_and_continued():
    waves = [np.stack([np.sin(0.7 * np.arange(60) + k), np.cos(0.7 * np.arange(60) + k)], axis=1) * 5 + 20
             for k in range(4)]  # fmt: skip
    predictor = small(units=8, window=20, epochs=200, learning_rate=0.02).fit(waves)
    assert predictor.score(waves) > 0.97
    going_on = predictor.generate(waves[0][:40], 3)
    assert going_on.shape == (3, 2)
    assert np.abs(going_on - waves[0][40:43]).max() < 2
    assert np.abs(predictor.predict([waves[0][:40]])[0] - going_on[0]).max() < 1e-3
    gappy = [np.where(np.arange(60)[:, None] % 7 == 3, np.nan, wave) for wave in waves]
    assert small(window=20, missing="interpolate").fit(gappy).history_["loss"].shape == (2, 1)


def test_each_step_counts_the_same_whatever_its_window():
    """One update over all pieces is one over the whole sequences, where nothing is cut."""
    whole = small(window=None, batch_size=None, epochs=1).fit(["abcabc", "ab", "bc"] * 3)
    nats = []
    for word in ["abcabc", "ab", "bc"]:
        untrained = small(window=None, batch_size=None, epochs=1, optimizer="sgd", learning_rate=1e-9).fit(
            ["abcabc", "ab", "bc"] * 3
        )
        nats += [-untrained.score([word])] * (len(word) - 1)
    assert whole.history_["loss"][0, 0] == pytest.approx(np.mean(nats), rel=1e-4)


@pytest.mark.parametrize("data", [WORDS, X], ids=["symbols", "vectors"])
def test_files_and_partial_fits(data, tmp_path):
    predictor = small().fit(data)
    loaded = mnemon.load(predictor.save(tmp_path / "m.safetensors"))
    probe = data[:2] if data is WORDS else PROBE
    assert loaded.score(probe) == predictor.score(probe)
    if data is WORDS:
        assert loaded.generate(None, 9, random_state=0) == predictor.generate(None, 9, random_state=0)
    assert_same(weights(loaded.partial_fit(data)), weights(predictor.partial_fit(data)))


def test_validation_data_and_early_stopping():
    judged = small(early_stopping=True).fit(WORDS, validation_data=WORDS[:3])
    assert judged.history_["validation_loss"].shape == (2, 1)
    assert small(early_stopping=True).fit(WORDS).history_["validation_score"].shape == (2, 1)


def test_mistakes_are_told(cycle):
    for X_, words in [(["a", "b"], "every sequence has one element only"), ("abc", "expected|one string")]:
        with pytest.raises((ValueError, TypeError), match=words):
            small().fit(X_)
    with pytest.raises(InvalidInput, match="bidirectional=True: a predictor must not see what comes"):
        small(bidirectional=True).fit(WORDS)
    with pytest.raises(InvalidInput, match="has to predict what it reads"):
        small(missing="mask").fit(X)
    for arguments, words in [
        ({"length": 0}, "length=0"),
        ({"temperature": -1}, "temperature=-1"),
        ({"top_k": 4}, "top_k=4; expected 1 to 3"),
        ({"prompt": "xyz"}, "'x'"),
    ]:
        with pytest.raises(InvalidInput, match=words):
            cycle.generate(**arguments)
    vectors = small().fit(X)
    with pytest.raises(InvalidInput, match="have no probabilities"):
        vectors.perplexity(X)
    with pytest.raises(InvalidInput, match="need a prompt"):
        vectors.generate()
