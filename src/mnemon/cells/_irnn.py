"""The rectified network that starts as the identity: Q. V. Le, N. Jaitly and G. E. Hinton, "A simple way to initialize
recurrent networks of rectified linear units", 2015, arXiv:1504.00941.

    h(t) = max( 0, W x(t) + U h(t-1) + b ),    at the start U = 1, b = 0, W normal with deviation 0.001

It is an `Elman` with a start of its own, so it takes Elman's arguments:

    >>> import jax
    >>> from mnemon.cells import IRNN
    >>> IRNN(2, 3, key=jax.random.key(0)).recurrent_weights.diagonal().tolist()
    [1.0, 1.0, 1.0]
"""

from functools import partial

from ._elman import Elman
from ._initialisers import Start, gaussian, identity, zeros

IRNN = partial(Elman, squashing="relu", initialiser=Start(gaussian(0.001), identity(), zeros))
