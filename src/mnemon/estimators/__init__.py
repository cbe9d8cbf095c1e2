from ._classifier import SequenceClassifier as SequenceClassifier
from ._saving import load as load
from ._stream import Stream as Stream
