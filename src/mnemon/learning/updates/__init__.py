from ._optax import NAMES as NAMES
from ._optax import Optax as Optax
from ._optax import Schedule as Schedule
from ._optax import Transformation as Transformation
from ._random_guessing import GuessingMemory as GuessingMemory
from ._random_guessing import RandomGuessing as RandomGuessing
from ._update import Update as Update
