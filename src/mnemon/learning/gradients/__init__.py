from ._bptt import BPTT as BPTT
from ._bptt import TruncatedBPTT as TruncatedBPTT
from ._gradient import Chunk as Chunk
from ._gradient import Gradient as Gradient
