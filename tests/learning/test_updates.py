"""Updates by name are optax's own, with numbers that may differ from member to member."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from toys import assert_near, assert_same, by, differ, fit, members, population, recall, slope_over, weights

from mnemon.errors import InvalidInput
from mnemon.learning import UORO, Batch, Learner, Optax, Schedule, Transformation, Until, Update
from mnemon.learning.updates import NAMES

DATA = recall()
HALVING = {"init_value": 1.0, "transition_steps": 1, "decay_rate": 0.5}
BY_HAND = {
    "sgd and momentum": (Optax("sgd", 0.3, momentum=0.9), optax.sgd(0.3, momentum=0.9)),
    "adam": (Optax("adam", 0.1), optax.adam(0.1)),
    "rmsprop clipped": (
        Optax("rmsprop", 0.1, clip=0.2, decay=0.5),
        optax.chain(optax.clip_by_global_norm(0.2), optax.rmsprop(0.1, decay=0.5)),
    ),
    "sgd by schedule": (
        Optax("sgd", 0.3, nesterov=True, momentum=0.5, schedule=Schedule("exponential_decay", **HALVING)),
        optax.sgd(optax.exponential_decay(0.3, 1, 0.5), momentum=0.5, nesterov=True),
    ),
}


def by_hand(network, optimiser, updates):
    tree = eqx.filter(network, eqx.is_inexact_array)
    memory = optimiser.init(tree)
    for _ in range(updates):
        with jax.numpy_dtype_promotion("standard"):
            changes, memory = optimiser.update(slope_over(network, DATA), memory, tree)
        network = eqx.apply_updates(network, changes)
        tree = eqx.filter(network, eqx.is_inexact_array)
    return weights(network)


@pytest.mark.parametrize("name", BY_HAND)
def test_equals_optax_by_hand(name):
    update, optimiser = BY_HAND[name]
    networks = population()
    after = fit(networks, by(update, None), DATA, until=Until(epochs=4))
    assert_near(members(after, 1), by_hand(networks[1], optimiser, 4))


def test_a_transformation_is_any_of_optax():
    networks = population()
    own = optax.chain(optax.clip_by_global_norm(0.2), optax.add_noise(0.1, 0.5, 3), optax.sgd(0.3))
    after = fit(networks, by(Transformation(own), None), DATA, until=Until(epochs=4))
    assert_near(members(after, 1), by_hand(networks[1], own, 4))


def test_numbers_of_members_are_those_of_members_alone():
    rates, momenta, clips = [0.05, 0.1, 0.2], np.array([0.0, 0.5, 0.9]), (0.1, 1.0, 9)
    until = Until(epochs=3)
    together = fit(population(), by(Optax("sgd", rates, momentum=momenta, clip=clips)), DATA, until=until)
    for k in range(3):
        alone = Optax("sgd", rates[k], momentum=float(momenta[k]), clip=clips[k])
        assert_same(members(together, k), members(fit(population(), by(alone), DATA, until=until), k))
    assert differ(members(together, 1), members(fit(population(), by(alone), DATA, until=until), 1))


def test_whole_numbers_are_numbers():
    until = Until(epochs=1)
    floats = fit(population(), by(Optax("sgd", [1.0, 2.0, 3.0], momentum=0.0, clip=1.0)), DATA, until=until)
    whole = fit(population(), by(Optax("sgd", [1, 2, 3], momentum=0, clip=1)), DATA, until=until)
    assert_same(weights(whole), weights(floats))
    assert_same(weights(whole.memory), weights(floats.memory))


@eqx.filter_jit
def step_twice(update, stacked):
    def one(update, network):
        first = update.init(network)
        memory, network = update.step(first, network, eqx.filter(network, eqx.is_inexact_array))
        return first, *update.step(memory, network, eqx.filter(network, eqx.is_inexact_array))

    return eqx.filter_vmap(one)(update, stacked)


@pytest.mark.parametrize(
    "name, settings",
    [(name, {}) for name in NAMES]
    + [
        ("adamw", {"weight_decay": [0.0, 0.1, 0.2], "mu_dtype": "bfloat16"}),
        ("adamw", {"mask": lambda tree: jax.tree.map(lambda leaf: leaf.ndim > 1, tree), "mu_dtype": jnp.float16}),
        ("adafactor", {"min_dim_size_to_factor": 2}),
        ("adagrad", {"initial_accumulator_value": [0.1, 0.2, 0.3]}),
    ],
)
def test_every_name_moves_every_member(name, settings):
    update = Optax(name, [0.01, 0.02, 0.03], **settings).for_members(3, jnp.float32)
    before = population()
    first, memory, after = step_twice(update, before.stacked)
    for a, b in zip(weights(before), weights(after), strict=True):
        assert a.dtype == b.dtype
        assert np.isfinite(b).all()
        assert (a != b).any(axis=tuple(range(1, a.ndim))).all() or not a.any()
    kinds = [[(leaf.dtype, leaf.shape) for leaf in jax.tree.leaves(tree)] for tree in (first, memory)]
    assert kinds[0] == kinds[1]


SCHEDULES = {
    "constant_schedule": {"value": 0.5},
    "cosine_decay_schedule": {"init_value": 1.0, "decay_steps": 4},
    "exponential_decay": HALVING,
    "linear_onecycle_schedule": {"transition_steps": 4, "peak_value": 1.0},
    "linear_schedule": {"init_value": 1.0, "end_value": 0.0, "transition_steps": 4},
    "piecewise_constant_schedule": {"init_value": 1.0, "boundaries_and_scales": {2: 0.1}},
    "polynomial_schedule": {"init_value": 1.0, "end_value": 0.0, "power": 2, "transition_steps": 4},
    "warmup_cosine_decay_schedule": {"init_value": 0.0, "peak_value": 1.0, "warmup_steps": 2, "decay_steps": 4},
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_is_optax_own(name):
    schedule = Schedule(name, **SCHEDULES[name])
    with jax.numpy_dtype_promotion("standard"):
        own = getattr(optax, name)(**SCHEDULES[name])
        expected = [float(own(count)) for count in range(5)]
    assert [float(schedule(count)) for count in range(5)] == expected


def test_a_schedule_says_the_same_inside_a_compiled_call():
    schedule, counts = Schedule("warmup_cosine_decay_schedule", **SCHEDULES["warmup_cosine_decay_schedule"]), range(5)
    said = jax.vmap(lambda count: jnp.asarray(schedule(count), jnp.float32))(jnp.arange(5))
    np.testing.assert_allclose(said, [float(schedule(count)) for count in counts], rtol=1e-6)


WRONG = {
    "no optimiser": (lambda: Optax("adm", 0.1), "did you mean 'adam'"),
    "no setting": (lambda: Optax("sgd", 0.1, momentun=0.9), "no setting 'momentun': did you mean 'momentum'"),
    "no schedule": (lambda: Schedule("linear_shedule"), "did you mean 'linear_schedule'"),
    "not the schedule's": (lambda: Schedule("linear_schedule", init=1.0), "init"),
    "a schedule of no steps": (lambda: Schedule("cosine_decay_schedule", init_value=1.0, decay_steps=0), "decay_steps"),
    "no rate": (lambda: Optax("sgd", 0.0), r"learning_rate=0\.0.*positive"),
    "a negative rate of one": (lambda: Optax("sgd", [0.1, -0.1]), "learning_rate=.*positive"),
    "an endless rate": (lambda: Optax("sgd", float("inf")), "learning_rate=inf.*positive"),
    "a rate in words": (lambda: Optax("sgd", "fast"), "learning_rate='fast'.*positive"),
    "no number": (lambda: Optax("sgd", None), "learning_rate=None.*positive"),
    "clipped to nothing": (lambda: Optax("sgd", 0.1, clip=0), "clip=0.*positive"),
    "a momentum that is none": (lambda: Optax("sgd", 0.1, momentum=[0.5, float("nan")]), "momentum=.*finite"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_mistakes_are_told(mistake):
    make, words = WRONG[mistake]
    with pytest.raises(InvalidInput, match=words):
        make()


@pytest.mark.parametrize("update", [Optax("sgd", [0.1, 0.2]), Optax("sgd", 0.1, momentum=[0.1, 0.2], clip=1.0)])
def test_as_many_numbers_as_members(update):
    with pytest.raises(InvalidInput, match="'sgd': got 2 numbers for a population of 3 networks"):
        fit(population(), by(update), DATA, until=Until(epochs=1))


class NewtonStep(Update):
    needs = frozenset({"gradient", "jacobian"})


def test_an_impossible_pair_is_refused_by_both_names():
    with pytest.raises(InvalidInput, match="NewtonStep needs jacobian, which UORO does not give"):
        Learner(UORO(), NewtonStep(), Batch())
