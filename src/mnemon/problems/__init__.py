from ._adding import Adding as Adding
from ._latching import Latching as Latching
from ._problem import Problem as Problem
from ._problem import Sample as Sample
