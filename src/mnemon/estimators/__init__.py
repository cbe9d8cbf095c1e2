from ._base import SequenceEstimator as SequenceEstimator
from ._classifier import SequenceClassifier as SequenceClassifier
from ._labeler import SequenceLabeler as SequenceLabeler
from ._predictor import SequencePredictor as SequencePredictor
from ._regressor import SequenceRegressor as SequenceRegressor
from ._saving import load as load
from ._stream import Stream as Stream
