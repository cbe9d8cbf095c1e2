"""Early stopping that holds out whole groups: nobody stands in both parts, and every class in both."""

import numpy as np
import pytest

from mnemon import SequenceClassifier, SequenceRegressor
from mnemon.errors import InvalidInput
from mnemon.estimators._groups import groups_held_out

GROUPS = np.repeat(["ann", "bob", "cy", "dee"], 6)
CLASSES = np.tile([0, 1, 1], 8)


@pytest.mark.parametrize("classes", [None, CLASSES])
@pytest.mark.parametrize("seed", range(5))
def test_groups_are_whole_and_every_class_is_in_both_parts(classes, seed):
    kept, out = groups_held_out(GROUPS, 0.25, seed, classes)
    assert sorted([*kept, *out]) == list(range(24))
    assert not set(GROUPS[kept]) & set(GROUPS[out])
    assert len(out) == 6
    if classes is not None:
        assert set(classes[kept]) == set(classes[out]) == {0, 1}


def test_what_cannot_be_held_out_is_said():
    with pytest.raises(InvalidInput, match="all are of ann"):
        groups_held_out(["ann"] * 4, 0.25, 0)
    with pytest.raises(InvalidInput, match="only one group has"):
        groups_held_out(["ann", "ann", "bob", "bob"], 0.5, 0, np.array([0, 1, 1, 2]))


@pytest.mark.parametrize("task", [SequenceClassifier, SequenceRegressor])
def test_an_estimator_judges_by_whole_groups(task, monkeypatch):
    xs = [np.full((3, 1), k, float) for k in range(24)]
    seen = []
    own = task._train

    def watched(self, population, split, *rest):
        seen.append(split)
        return own(self, population, split, *rest)

    monkeypatch.setattr(task, "_train", watched)
    model = task(units=2, epochs=1, early_stopping=1, validation_fraction=0.25, standardize=False, random_state=0)
    model.fit(xs, CLASSES if task is SequenceClassifier else np.arange(24.0), groups=GROUPS)
    parts = [{GROUPS[int(one[0, 0])] for one in part.xs} for part in (seen[0].training, seen[0].validation)]
    assert len(parts[0]) == 3
    assert len(parts[1]) == 1
    assert not parts[0] & parts[1]
    with pytest.raises(InvalidInput, match="groups"):
        model.fit(xs, CLASSES if task is SequenceClassifier else np.arange(24.0), groups=GROUPS[:5])
