import pytest

from mnemon.errors import InvalidInput, InvalidType, MnemonError, ModelFileError, raise_together, suggest


def test_every_mistake_is_a_mnemon_error_and_the_builtin_one_expects():
    assert issubclass(InvalidInput, (MnemonError, ValueError))
    assert issubclass(InvalidInput, ValueError)
    assert issubclass(InvalidType, MnemonError)
    assert issubclass(InvalidType, TypeError)
    assert issubclass(ModelFileError, InvalidInput)


def test_a_misspelt_name_gets_a_suggestion_and_the_list():
    assert suggest("lstn", ["rnn", "lstm"]) == "did you mean 'lstm'? (known: lstm, rnn)"


def test_a_name_far_from_all_gets_the_list_only():
    assert suggest("transformer", ["rnn", "lstm"]) == "known: lstm, rnn"


def test_no_problem_raises_nothing():
    raise_together([], "X")


def test_one_problem_is_one_line():
    with pytest.raises(InvalidInput) as caught:
        raise_together(["is empty"], "X")
    assert str(caught.value) == "X: is empty"


def test_several_problems_stand_together():
    with pytest.raises(InvalidInput) as caught:
        raise_together(["is empty", "is late"], "X")
    assert str(caught.value) == "X: 2 problems\n  - is empty\n  - is late"
