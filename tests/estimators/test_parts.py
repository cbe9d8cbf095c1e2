"""What a classifier is made of: strings are shorthands for objects, objects are taken as they are."""

import functools

import jax
import numpy as np
import optax
import pytest
from seldom import all_but
from specimens import KINDS, PROBE, N, X, assert_same, differ, fitted, probabilities, small, weights, y

from mnemon.cells import GRU, LSTM, Elman
from mnemon.errors import InvalidInput
from mnemon.estimators._parts import update_rule
from mnemon.layers import Bidirectional, Network, Readout, Recurrent, Segmented
from mnemon.learning import BPTT, Batch, CmaEs, Learner, LevenbergMarquardt, Optax, TruncatedBPTT


@pytest.mark.parametrize("kind", all_but(["three networks", "two segmented layers, segments", "gru, mean"], KINDS))
def test_every_kind_learns_and_says_probabilities(kind):
    classifier, said = fitted(kind), probabilities(kind)
    assert said.shape == (8, 2)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-6)
    assert np.isfinite(classifier.history_["loss"]).all()
    assert all(np.isfinite(leaf).all() for leaf in weights(classifier))


SAME = {
    "cell class": ({"cell": Elman}, {}),
    "cell function": ({"cell": functools.partial(Elman, squashing="tanh")}, {}),
    "cell lambda": ({"cell": lambda inputs, units, *, key: Elman(inputs, units, key=key)}, {}),
    "gradient": ({"gradient": BPTT()}, {}),
    "no truncation": ({"gradient": TruncatedBPTT(50)}, {}),
    "optimizer": ({"optimizer": Optax("adam", 0.05, clip=1.0)}, {}),
    "transformation": ({"optimizer": optax.chain(optax.clip_by_global_norm(1.0), optax.adam(0.05))}, {}),
    "a rate that is not used": ({"optimizer": Optax("adam", 0.05, clip=1.0), "learning_rate": 1.0}, {}),
    "equal class weights": ({"class_weight": "balanced"}, {}),
    "one layer": ({"layers": np.int64(1)}, {}),
}


@pytest.mark.parametrize("name", SAME)
def test_two_ways_to_say_the_same(name):
    one, _ = SAME[name]
    for got, expected in zip(weights(small(**one).fit(X, y)), weights(fitted()), strict=True):
        np.testing.assert_allclose(got, expected, rtol=2e-5, atol=2e-6)


OTHER = {
    "learning_rate": {"learning_rate": 0.01},
    "batch_size": {"batch_size": 6},
    "epochs": {"epochs": 3},
    "truncated": {"gradient": TruncatedBPTT(1)},
    "dropout": {"dropout": 0.5},
    "standardize": {"standardize": False},
    "class_weight": {"class_weight": {"down": 1, "up": 3}},
}


@pytest.mark.parametrize("name", OTHER)
def test_what_makes_a_difference(name):
    assert differ(weights(small(**OTHER[name]).fit(X, y)), weights(fitted()))


def test_what_a_network_is_built_of():
    def layer(kind):
        return fitted(kind).network_.layers.layers[0]

    assert isinstance(layer("gru, mean").cell, GRU)
    assert isinstance(layer("truncated peepholes, every step").cell, LSTM)
    assert layer("truncated peepholes, every step").cell.peepholes is not None
    assert layer("lstm of 1997, attention").cell.cells_per_block == 2
    assert len(fitted("two layers, max").network_.layers.layers) == 2
    assert fitted("two layers, max").network_.layers.dropout == 0.3
    assert isinstance(layer("two segmented layers, segments").cell, Segmented)
    assert layer("two segmented layers, segments").cell.length == 2
    assert isinstance(layer("bidirectional lstm"), Bidirectional)
    assert isinstance(layer("elman"), Recurrent)
    for kind, parameters in KINDS.items():
        assert fitted(kind).network_.readout.at == parameters.get("readout", "end")


def test_dropout_is_for_training_only():
    classifier = fitted("two layers, max")
    assert_same([classifier.predict_proba(PROBE)], [classifier.predict_proba(PROBE)])


def test_the_networks_of_a_population_are_averaged():
    classifier = fitted("three networks")
    each = []
    for network in classifier.population_:
        one = small(network=network, epochs=1, learning_rate=1e-30).fit(X, y)
        each.append(one.predict_proba(PROBE))
    assert not np.allclose(each[0], each[1])
    np.testing.assert_allclose(probabilities("three networks"), np.mean(each, axis=0), atol=1e-6)


def test_more_networks_leave_the_first_ones_as_they_are():
    fewer = small(n_networks=2).fit(X, y)
    for two, three in zip(weights(fewer), weights(fitted("three networks")), strict=True):
        assert_same(two, three[:2])


# Networks of one's own


def own(inputs, outputs, *, key):
    below, above = jax.random.split(key)
    return Network(Elman(inputs, 4, key=below), Readout(4, outputs, at="mean", sees_input=inputs, key=above))


def test_a_function_that_makes_networks():
    classifier = small(network=own, n_networks=2).fit(X, y)
    assert classifier.network_.readout.sees_input == 2
    assert len(classifier.population_) == 2
    assert differ(*([leaf[k] for leaf in weights(classifier)] for k in range(2)))
    assert_same(weights(small(network=own, n_networks=2).fit(X, y)), weights(classifier))


def test_a_network_as_it_is():
    network = own(2, 2, key=jax.random.key(3))
    before = [np.asarray(leaf) for leaf in jax.tree.leaves(network)]
    classifier = small(network=network, epochs=1, learning_rate=1e-30).fit(X, y)
    for got, expected in zip(weights(classifier), before, strict=True):
        np.testing.assert_allclose(got[0], expected, atol=1e-20)
    trained = small(network=network).fit(X, y)
    assert differ([leaf[0] for leaf in weights(trained)], before)
    # What was given is not changed, so that fitting again begins where it began.
    assert_same([np.asarray(leaf) for leaf in jax.tree.leaves(network)], before)
    assert_same(weights(small(network=network).fit(X, y)), weights(trained))
    # The parameters that describe a network are then not used.
    assert_same(weights(small(network=network, units=9, cell="gru", readout="max").fit(X, y)), weights(trained))


# What sequences count


def test_a_rare_class_may_count_more():
    """One sequence in six is rare; what it counts moves the answers towards it, and as far as sequences would."""
    rare = np.where(np.arange(N) % 6 == 1, "rare", "often")
    plain, balanced, tripled = (
        small(class_weight=how, batch_size=None, epochs=4).fit(X, rare).predict_proba(X)[:, 1].mean()
        for how in (None, "balanced", {"rare": 3, "often": 1})
    )
    assert plain < tripled < balanced
    by_hand = small(batch_size=None, epochs=4).fit(X, rare, sample_weight=np.where(rare == "rare", 3, 0.6))
    np.testing.assert_allclose(by_hand.predict_proba(X)[:, 1].mean(), balanced, rtol=1e-5)


def test_sequences_and_classes_count_both():
    counts = np.linspace(1, 2, N)
    together = small(class_weight={"down": 1, "up": 3}).fit(X, y, sample_weight=counts)
    product = small().fit(X, y, sample_weight=counts * np.where(y == "up", 3, 1))
    assert_same(weights(together), weights(product))
    # Only ratios matter.
    scaled = small().fit(X, y, sample_weight=1000 * counts * np.where(y == "up", 3, 1))
    np.testing.assert_allclose(scaled.predict_proba(PROBE), product.predict_proba(PROBE), atol=1e-5)


def test_a_sequence_that_counts_nothing_teaches_nothing():
    counts, wrong = np.ones(N), y.copy()
    counts[:6], wrong[:6] = 0, y[:6][::-1]
    whole = small(batch_size=None)
    assert_same(weights(whole.fit(X, y, sample_weight=counts)), weights(whole.fit(X, wrong, sample_weight=counts)))


# In words


def test_a_summary_names_parts_and_counts_weights():
    lines = fitted().summary().splitlines()
    assert lines[0] == "SequenceClassifier: 2 channels in, 2 outputs"
    assert lines[1] == "  Elman: 2 -> 4, 28 weights"  # 4 * (2 + 4 + 1)
    assert lines[2] == "  readout at the end: 4 -> 2, 10 weights"
    assert lines[3] == "  38 weights in all, float32"
    assert lines[4] == "training spent its budget of epochs: 2 epochs, 6 updates"
    assert len(lines) == 5


@pytest.mark.parametrize(
    "kind, says",
    [
        ("three networks", "3 networks, whose probabilities are averaged"),
        ("three networks", "network 2 spent its budget"),
        ("gru, mean", "readout at mean over time"),
        ("truncated peepholes, every step", "readout at every step"),
        ("two segmented layers, segments", "Segmented(Elman, Elman), segments of 2 steps: 4 -> 4, 72 weights"),
        ("two segmented layers, segments", "readout at segment ends"),
        ("bidirectional lstm", "Bidirectional of LSTM: 2 -> 8, 224 weights"),
    ],
)
def test_other_summaries(kind, says):
    assert says in fitted(kind).summary()


@pytest.mark.parametrize("kind", KINDS)
def test_weights_in_a_summary_add_up(kind):
    lines = [line for line in fitted(kind).summary().splitlines() if line.endswith(" weights")]
    parts = [int(line.rsplit(", ", 1)[1].split()[0]) for line in lines]
    assert sum(parts) == fitted(kind).network_.weight_count()
    assert sum(parts) * len(fitted(kind).population_) == sum(leaf.size for leaf in weights(fitted(kind)))


def test_learners_of_their_own_have_names():
    assert isinstance(update_rule("levenberg-marquardt", 0.1), LevenbergMarquardt)
    assert isinstance(update_rule("cma-es", 0.1), CmaEs)
    with pytest.raises(InvalidInput, match="did you mean 'kalman-filter'"):
        update_rule("kalman_filter", 0.1)


def test_a_whole_learner_stands_for_gradient_update_and_moment():
    whole = Learner(BPTT(), Optax("adam", 0.05, clip=1.0), Batch(4))
    given = small(optimizer=whole, gradient="rtrl", batch_size=None).fit(X, y)
    parts = small(optimizer=whole.update, gradient="bptt", batch_size=4).fit(X, y)
    assert_same(weights(given), weights(parts))
