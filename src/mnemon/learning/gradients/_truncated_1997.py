"""The truncated gradient of the first LSTM: S. Hochreiter and J. Schmidhuber, "Long short-term memory", Neural
Computation 9(8):1735-1780, 1997, doi:10.1162/neco.1997.9.8.1735, appendix A.1.

What feeds back is taken as given: the derivatives of net inputs by any unit's y(t-1) are replaced by 0. Errors enter
cells from the outputs, and run back along each cell's self-connection only. For the paper's cell, with outputs k, cells
v in blocks with gates in and out, and sources m, that leaves

    e_k    = f'(net_k) (d_k - y_k)                                                             (A.17)
    e_out  = f'(net_out) sum_v h(s_v) sum_k w_kv e_k                                           (A.19)
    e_s_v  = f(net_out) h'(s_v) sum_k w_kv e_k                                                 (A.21)
    ds_v/dw_in_m(t) = ds_v/dw_in_m(t-1) + g(net_v) f'(net_in) y_m(t-1)                         (A.23)
    ds_v/dw_v_m(t)  = ds_v/dw_v_m(t-1)  + g'(net_v) f(net_in) y_m(t-1)                         (A.25)
    dw_km = sum_t e_k y_m,    dw_out_m = sum_t e_out y_m                                       (A.20)
    dw_in_m = sum_t sum_v e_s_v ds_v/dw_in_m,    dw_v_m = sum_t e_s_v ds_v/dw_v_m              (A.24, A.26)

which is local in time, with one number stored for each weight. The same numbers come from back-propagation through
cells whose `recur` passes no error back (`_cut.py`), and so they are computed here. A forget gate multiplies the traces
as it multiplies the state (f(t) ds/dw(t-1) + ...). Peepholes learn and pass no error to the cells that they see (F.
Gers, N. Schraudolph and J. Schmidhuber, JMLR 3:115-143, 2002). All else of `step` stays. Other cells are cut in the
same place: of an Elman cell the present step alone is left. A product that a cell keeps inside `step` (the candidate's
of `MinimalGated`, and of a GRU with the reset before it) stays whole.
"""

from typing import Any, ClassVar

from jaxtyping import Array, Float

from ...cells import Cell
from ...layers import Answer, Mode, Network
from ..losses import Loss
from ._bptt import back_propagate
from ._cut import cut
from ._gradient import JACOBIAN, STEPS, Chunk, Gradient, Tracks
from ._jacobian import forward_jacobian
from ._rtrl import sensitive


class Truncated1997(Gradient):
    """The gradient without what would run back through recurrent products: errors stay in the cells that they enter.

    From layer to layer, and from the segment cell of `Segmented` to the symbol cell, errors run as usual.

    Raises:
        InvalidInput: (by `init` and `step`) a network with a cell that cannot split off `recur`.

    """

    gives: ClassVar[frozenset[str]] = STEPS | JACOBIAN

    def init(self, network: Network) -> Any:
        """Nothing is carried; see `Gradient`."""
        cut(network, "Truncated1997")

    def track(self, cell: Cell) -> Tracks:
        """The cut cell with its sensitivities, those of the equations above."""
        return sensitive(cell, order=None)

    def through(self, network: Network, carry: Any) -> Network:
        """The cut network."""
        return cut(network, "Truncated1997")

    def step(self, carry: Any, network: Network, loss: Loss, chunk: Chunk) -> tuple[Any, Float[Array, ""], Network]:
        """See `Gradient`."""
        value, slope = back_propagate(network, loss, chunk, Mode(), lambda whole: self.through(whole, carry))
        return carry, value, slope

    def jacobian(self, carry: Any, network: Network, chunk: Chunk) -> tuple[Any, Answer, Float[Array, "..."]]:
        """See `Gradient`."""
        return carry, *forward_jacobian(
            network, chunk, self.track, "Truncated1997()", lambda whole: self.through(whole, carry)
        )
