import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mnemon.errors import InvalidInput, InvalidType
from mnemon.sequences import OutOfRange, Sequences, as_sequences

quickly = settings(deadline=None, max_examples=40)

finite = st.floats(-1e6, 1e6, width=32)


@st.composite
def lists_of_arrays(draw, dtype=np.float32):
    channels = draw(st.integers(1, 3))
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    return [draw(hnp.arrays(dtype, (length, channels), elements=finite)) for length in lengths]


def says(*parts: str):
    """A pattern: all `parts` in this order."""
    return r"[\s\S]*".join(re.escape(part) for part in parts)


def example(**options) -> Sequences:
    return Sequences([np.arange(3.0)[:, None], np.arange(5.0)[:, None], np.arange(2.0)[:, None]], **options)


# --- laws -----------------------------------------------------------------------------------------------------------


@quickly
@given(lists_of_arrays())
def test_padding_and_cutting_is_the_identity(arrays):
    X = Sequences(arrays, layout="channels_last")
    padded, lengths = X.pad()
    assert padded.dtype == np.float32
    for row, length, array in zip(padded, lengths, arrays):
        np.testing.assert_array_equal(row[:length], array)
        assert not row[length:].any()
    assert Sequences(padded, lengths=lengths) == X
    assert Sequences(padded.swapaxes(1, 2), lengths=lengths, layout="channels_first") == X


@quickly
@given(lists_of_arrays(), st.data())
def test_indexing_is_indexing_of_the_list(arrays, data):
    X, n = Sequences(arrays, layout="channels_last"), len(arrays)
    chosen = data.draw(st.lists(st.integers(-n, n - 1), max_size=8))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    cut = data.draw(st.slices(n))
    expected_of = [
        (chosen, [arrays[i] for i in chosen]),
        (np.array(chosen, dtype=int), [arrays[i] for i in chosen]),
        (mask, [a for a, m in zip(arrays, mask) if m]),
        (mask.tolist(), [a for a, m in zip(arrays, mask) if m]),
        (cut, arrays[cut]),
    ]
    for key, expected in expected_of:
        for got in (X[key], X[key, ...]):
            assert isinstance(got, Sequences)
            assert len(got) == len(expected)
            assert all(np.array_equal(a, b) for a, b in zip(got, expected))
    i = data.draw(st.integers(-n, n - 1))
    np.testing.assert_array_equal(X[i], arrays[i])
    np.testing.assert_array_equal(X[np.int32(i), ...], arrays[i])


@quickly
@given(lists_of_arrays(np.float64))
def test_pickling_concatenating_and_flattening_keep_everything(arrays):
    marks = [np.arange(len(a)) % 2 == 1 for a in arrays]
    X = Sequences(arrays, boundaries=marks, layout="channels_last")
    assert pickle.loads(pickle.dumps(X)) == X
    assert Sequences.concatenate([X[:1], X[1:]]) == X
    assert Sequences.from_concatenated(X.values, X.lengths, boundaries=X.flat_boundaries) == X
    assert not pickle.loads(pickle.dumps(X)).values.flags.writeable


@quickly
@given(lists_of_arrays(np.float64))
def test_statistics_are_those_of_all_steps(arrays):
    X = Sequences(arrays, layout="channels_last")
    flat = np.concatenate(arrays)
    mean, deviation = X.statistics()
    np.testing.assert_allclose(mean, flat.mean(axis=0), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(deviation, flat.std(axis=0), rtol=1e-6, atol=1e-6)


@quickly
@given(st.lists(st.text("abc", min_size=1, max_size=6), min_size=1, max_size=5))
def test_strings_come_back(strings):
    X = Sequences.from_strings(strings)
    assert X.strings() == strings
    assert X.alphabet == tuple(sorted(set("".join(strings))))
    assert Sequences([list(codes) for codes in X], alphabet=X.alphabet) == X
    one_hot, _ = X.pad()
    assert one_hot.shape[2] == X.n_channels
    np.testing.assert_array_equal(one_hot.sum(axis=2), np.arange(one_hot.shape[1]) < X.lengths[:, None])
    assert all(np.array_equal(row.argmax(axis=1)[: len(codes)], codes) for row, codes in zip(one_hot, X))


# --- what goes in ---------------------------------------------------------------------------------------------------


def test_dtypes_stay_floats():
    assert Sequences([np.zeros((2, 1), np.float32)]).dtype == np.float32
    assert Sequences([np.zeros((2, 1), np.int8)]).dtype == np.float64
    assert Sequences([[True, False]]).dtype == np.float64
    assert Sequences([np.zeros(2, np.float32), np.zeros(2)]).dtype == np.float64
    assert Sequences.from_strings(["ab"]).dtype.kind == "i"


def test_two_dimensions_are_series_of_one_channel():
    X = Sequences(np.arange(6.0).reshape(2, 3))
    assert (len(X), X.n_channels, X.lengths.tolist()) == (2, 1, [3, 3])
    assert Sequences([[0.0, 1, 2], [3.0, 4, 5]]) == X
    assert Sequences(np.arange(6.0).reshape(2, 3), lengths=[1, 3]) == Sequences([[0.0], [3.0, 4, 5]])


def test_object_arrays():
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.zeros((2, 3)), np.zeros((4, 3))]
    assert Sequences(ragged).lengths.tolist() == [2, 4]
    assert Sequences(np.ones((2, 3)).astype(object)) == Sequences(np.ones((2, 3)))


def test_what_was_passed_is_copied_and_what_comes_out_is_read_only():
    source = np.zeros((2, 3, 1))
    X = Sequences(source)
    source[:] = 1
    assert not X.values.any()
    with pytest.raises(ValueError, match="read-only"):
        X[0][0] = 1


def test_concise_repr():
    assert repr(example()) == "Sequences(3 sequences, 1 channel, 2-5 steps)"
    assert repr(Sequences([[1.0]])) == "Sequences(1 sequence, 1 channel, 1 step)"
    assert repr(Sequences.from_strings(["ab"])) == "Sequences(1 sequence, 2 symbols, 2 steps)"
    assert repr(example()[:0]) == "Sequences(0 sequences, 1 channel)"


def test_equality():
    assert example() == example()
    assert example() != example()[::-1]
    assert example() != "sequences"
    assert example() != example(boundaries=[[0] * 3, [0] * 5, [1] * 2])
    assert Sequences.from_strings(["ab"]) != Sequences.from_strings(["ab"], "abc")


def test_boundaries_follow_the_sequences():
    marks = [[0, 1, 0], [0, 0, 1, 0, 1], [1, 1]]
    X = example(boundaries=[np.array(m, bool) for m in marks])[[2, 0]]
    assert X.boundaries is not None
    assert [b.tolist() for b in X.boundaries] == [[True, True], [False, True, False]]
    assert X.pad_boundaries(length=4).tolist() == [[True, True, False, False], [False, True, False, False]]
    padded = Sequences(np.zeros((2, 3)), lengths=[2, 3], boundaries=np.eye(3, dtype=bool)[:2])
    assert padded.boundaries is not None
    assert [b.tolist() for b in padded.boundaries] == [[True, False], [False, True, False]]
    with pytest.raises(InvalidInput, match="no boundaries"):
        example().pad_boundaries()


def test_symbols_of_several_characters_and_a_given_alphabet():
    X = Sequences.from_strings([["up", "down"], ["down"]], ["up", "down", "left"])
    assert X.strings() == [("up", "down"), ("down",)]
    assert X.pad()[0][1].tolist() == [[0, 1, 0], [0, 0, 0]]
    np.testing.assert_allclose(X.statistics()[0], [1 / 3, 2 / 3, 0])
    with pytest.raises(InvalidInput, match="numbers, not symbols"):
        example().strings()


def test_a_constant_channel_has_exactly_no_deviation():
    mean, deviation = Sequences(np.full((3, 1001), 0.1, np.float32)).statistics()
    assert mean == np.float32(0.1)
    assert deviation == 0


def test_deviation_survives_a_large_offset():
    noise = np.random.default_rng(0).normal(size=(4, 1000))
    _, deviation = Sequences(noise + 1e9).statistics()
    np.testing.assert_allclose(deviation, noise.std(), rtol=1e-6)


def test_missing_values_are_kept_on_request_and_left_out_of_statistics():
    X = Sequences([[1.0, np.nan, 3.0]], allow_nan=True)
    assert Sequences([[1.0, np.nan, 3.0]], allow_nan=True) == X
    assert X.statistics()[0] == 2
    assert as_sequences(X, allow_nan=True) is X
    with pytest.raises(InvalidInput, match=says("X: NaN in sequence 0 (step 1, channel 0)")):
        as_sequences(X)
    with pytest.raises(InvalidInput, match="infinity"):
        Sequences([[np.inf, np.nan]], allow_nan=True)


def test_padding_longer_other_dtype_and_too_short():
    values, lengths = example().pad([1, -1], length=7, dtype=np.float64)
    assert values.shape == (2, 7, 1)
    assert values.dtype == np.float64
    assert lengths.tolist() == [5, 2]
    with pytest.raises(InvalidInput, match=says("length 4 is too short", "5 steps")):
        example().pad(length=4)
    with pytest.raises(InvalidInput, match=says("1e+300", "float32")):
        Sequences([[1e300]]).pad()


def test_as_sequences_returns_what_is_one_already():
    X = example()
    assert as_sequences(X) is X
    with pytest.raises(InvalidInput, match="are Sequences already"):
        as_sequences(X, lengths=[1, 2, 3])


def test_as_sequences_reads_symbols_when_asked():
    assert as_sequences(["ab", "b"], strings=True).alphabet == ("a", "b")
    assert as_sequences(np.array(["ab", "b"]), alphabet="abc").alphabet == ("a", "b", "c")
    narrow = Sequences.from_strings(["cb"])
    wide = as_sequences(narrow, alphabet="abc")
    assert wide.strings() == ["cb"]
    assert wide.alphabet == ("a", "b", "c")
    with pytest.raises(InvalidInput, match=says("outside the alphabet", "'c'")):
        as_sequences(narrow, alphabet="ab")
    with pytest.raises(InvalidInput, match="got numbers"):
        as_sequences(example(), alphabet="ab")


def test_importing_is_light():
    heavy = ("jax", "pandas", "sklearn")
    code = f"import sys, mnemon.sequences, mnemon.data; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- mistakes -------------------------------------------------------------------------------------------------------

zeros = np.zeros

MISTAKES = {
    "empty collection": (lambda: Sequences([]), ["0 sample(s)", "minimum of 1 is required"]),
    "empty sequences": (lambda: Sequences([zeros((2, 1)), zeros((0, 1)), []]), ["no steps in sequence 1, 2"]),
    "no samples": (lambda: Sequences(zeros((0, 3))), ["Found array with 0 sample(s) (shape=(0, 3)) while a minimum"]),
    "no features": (lambda: Sequences(zeros((4, 0))), ["0 feature(s) (shape=(4, 0)) while a minimum of 1 is required"]),
    "one axis": (lambda: Sequences(zeros(3)), ["Expected 2D array, got 1D array instead", "Reshape your data"]),
    "flat list": (lambda: Sequences([1, 2.0]), ["Expected 2D array, got 1D array instead", "Reshape your data"]),
    "scalar": (lambda: Sequences(np.float64(3)), ["Expected 2D array, got scalar array instead"]),
    "four axes": (lambda: Sequences(zeros((1, 2, 3, 4))), ["got 4 axes"]),
    "item of three axes": (lambda: Sequences([zeros((1, 2, 3))]), ["sequence 0", "got shape (1, 2, 3)"]),
    "ragged item": (lambda: Sequences([[[1], [2, 3]]]), ["sequence 0: ragged"]),
    "channels": (
        lambda: Sequences([zeros((4, 2)), zeros((5, 2)), zeros((6, 3))]),
        ["expected 2, as in most sequences, but sequence 2 has 3"],
    ),
    "transposed list": (
        lambda: Sequences([zeros((2, 4)), zeros((2, 5))]),
        ["all have 2 steps", "changed places", "layout='channels_first'"],
    ),
    "NaN": (lambda: Sequences([[1.0], [2, 3, np.nan]]), ["NaN in sequence 1 (step 2, channel 0)", "`lengths`"]),
    "infinity": (lambda: Sequences([[1.0], [2, -np.inf]]), ["infinity in sequence 1 (step 1, channel 0)"]),
    "strings": (lambda: Sequences(["ab", "c"]), ["strings where numbers belong", "from_strings"]),
    "a string in a table": (lambda: Sequences(np.array([[1, "2"]], object)), ["strings where numbers belong"]),
    "a string in a list": (lambda: Sequences([[1.0], ["a"]]), ["sequence 1: strings where numbers belong"]),
    "complex": (lambda: Sequences(zeros((2, 3)) * 1j), ["Complex data not supported"]),
    "dates": (lambda: Sequences(np.array([["2020-01-01"]], "M8[D]")), ["datetime64[D] values where numbers belong"]),
    "table of arrays": (
        lambda: Sequences(np.array([[zeros(2), zeros(3)], [zeros(2), zeros(3)]], object)),
        ["two-dimensional table of arrays"],
    ),
    "layout": (lambda: Sequences([[1.0]], layout="channel_first"), ["did you mean 'channels_first'"]),
    "lengths of a list": (lambda: Sequences([[1.0], [2, 3]], lengths=[1, 2]), ["one padded array"]),
    "lengths of a ragged object array": (
        lambda: Sequences(np.array([zeros(1), zeros(2)], object), lengths=[1, 2]),
        ["one padded array"],
    ),
    "wrong lengths": (lambda: Sequences(zeros((2, 3)), lengths=[4, 0]), ["1 to 3", "4 at sequence 0, 0 at sequence 1"]),
    "number of lengths": (lambda: Sequences(zeros((2, 3)), lengths=[1]), ["expected 2 integers", "shape (1,)"]),
    "kind of lengths": (lambda: Sequences(zeros((2, 3)), lengths=[1.0, 2.0]), ["expected 2 integers", "float64"]),
    "boundaries missing": (lambda: example(boundaries=[[0] * 3]), ["one array a sequence, 3, got 1"]),
    "boundaries length": (lambda: example(boundaries=[[0] * 3, [0] * 4, [0] * 2]), ["sequence 1 has shape (4,)"]),
    "boundaries kind": (lambda: example(boundaries=[[0] * 3, [0.5] * 5, [0] * 2]), ["True or False", "sequence 1"]),
    "codes": (lambda: Sequences([[0, 1], [2]], alphabet="ab"), ["codes outside 0 to 1: 2 in sequence 1 (step 0)"]),
    "floats as codes": (lambda: Sequences([[0.0]], alphabet="ab"), ["integer codes of symbols, got float64"]),
    "strings as codes": (lambda: Sequences([["a"]], alphabet="ab"), ["from_strings"]),
    "channels of codes": (lambda: Sequences([[[0, 1]]], alphabet="ab"), ["got 2 channels"]),
    "alphabet": (lambda: Sequences.from_strings(["a"], "aba"), ["named twice: 'a'"]),
    "unknown symbol": (lambda: Sequences.from_strings(["ab", "bax"], "ab"), ["'x' in sequence 1 (position 2)"]),
    "empty string": (lambda: Sequences.from_strings(["a", ""]), ["no symbols in sequence 1"]),
    "numbers as strings": (lambda: Sequences.from_strings(["a", 1]), ["expected strings", "sequence 1"]),
    "no strings": (lambda: Sequences.from_strings([]), ["0 sample(s)"]),
    "steps and lengths": (lambda: Sequences.from_concatenated(zeros((5, 1)), [2, 2]), ["sum to 4", "(5, 1)"]),
    "no lengths": (lambda: Sequences.from_concatenated(zeros((0, 1)), []), ["0 sample(s)"]),
    "flat boundaries": (lambda: Sequences.from_concatenated([1.0], [1], boundaries=[1, 0]), ["expected shape (1,)"]),
    "nothing to concatenate": (lambda: Sequences.concatenate([]), ["nothing to concatenate"]),
    "concatenating": (
        lambda: Sequences.concatenate([example(), Sequences([zeros((1, 2))], boundaries=[[1]])]),
        ["n_channels differs: 1 in part 0, 2 in part 1", "some parts have boundaries"],
    ),
    "no statistics": (lambda: example()[:0].statistics(), ["no sequence"]),
    "nothing chosen": (lambda: as_sequences(example()[:0]), ["X: Found array with 0 sample(s)"]),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told(mistake):
    act, parts = MISTAKES[mistake]
    with pytest.raises(InvalidInput, match=says(*parts)):
        act()


TYPES = {
    "one string": (lambda: as_sequences("abc"), ["X: expected a collection", "from_strings"]),
    "nothing": (lambda: as_sequences(None), ["X: expected arrays or a list of arrays, got NoneType"]),
    "a dictionary": (lambda: Sequences({}), ["got dict"]),
    "an object in a table": (
        lambda: Sequences(np.array([[1, {}]], object)),
        ["argument must be a string or a real nu"],
    ),
    "masked": (lambda: Sequences(np.ma.masked_equal([[1, 2]], 2)), ["masked entries"]),
    "one string of symbols": (lambda: Sequences.from_strings("abc"), ["list of strings, got str"]),
    "alphabet of numbers": (lambda: Sequences([[0]], alphabet=[1]), ["alphabet: expected strings"]),
    "boundaries": (lambda: Sequences([[0]], boundaries=3), ["boundaries: expected one array a sequence, got int"]),
    "sequences": (lambda: Sequences(example()), ["Sequences already"]),
    "not a part": (lambda: Sequences.concatenate([example(), [1]]), ["part 1: expected Sequences"]),
    "float index": (lambda: example()[[0.5]], ["integer"]),
    "bool index": (lambda: example()[True], ["integer"]),
    "two indices": (lambda: example()[0, 1], ["one axis"]),
}


@pytest.mark.parametrize("mistake", TYPES)
def test_an_object_of_the_wrong_kind_is_told(mistake):
    act, parts = TYPES[mistake]
    with pytest.raises(InvalidType, match=says(*parts)):
        act()


@pytest.mark.parametrize("key", [3, -4, [0, 3], [True], np.array([True] * 4)])
def test_an_index_out_of_range_is_an_index_error(key):
    with pytest.raises(OutOfRange, match="3 sequences"):
        example()[key]
    assert issubclass(OutOfRange, IndexError)


def test_all_problems_of_one_call_stand_together():
    wrong = [zeros((3, 2)), zeros((0, 2)), [[1, np.nan]], [["a"]], [[np.inf, 1]], zeros((2, 3))]
    with pytest.raises(InvalidInput) as caught:
        Sequences(wrong)
    text = str(caught.value)
    for part in ("5 problems", "sequence 3: strings", "no steps in sequence 1", "sequence 5 has 3"):
        assert part in text
    assert "NaN in sequence 2 (step 0, channel 1)" in text
    assert "infinity in sequence 4 (step 0, channel 0)" in text


def test_long_lists_of_problems_are_cut():
    with pytest.raises(InvalidInput, match=says("sequence 0 (step 0, channel 0)", "... and 95 more")):
        Sequences(np.full((100, 2), np.nan))
    with pytest.raises(InvalidInput, match=says("sequence 4: ragged", "... and 14 more")):
        Sequences([[[1], [2, 3]]] * 20)


def test_probably_transposed_input_is_pointed_out_unless_the_layout_is_said():
    narrow = zeros((3, 2, 50))
    for values in (narrow, list(narrow)):
        with pytest.warns(UserWarning, match="time=2, channels=50.*channels_first"):
            Sequences(values)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert Sequences(values, layout="channels_last").n_channels == 50
            assert Sequences(values, layout="channels_first").n_channels == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Sequences(zeros((3, 20, 39)))
        Sequences(zeros((3, 1, 7)))
        Sequences(zeros((3, 2, 50)), lengths=[1, 2, 2])
