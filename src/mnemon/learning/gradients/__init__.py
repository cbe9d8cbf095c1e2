from ._bptt import BPTT as BPTT
from ._bptt import TruncatedBPTT as TruncatedBPTT
from ._gradient import Chunk as Chunk
from ._gradient import Gradient as Gradient
from ._rflo import RFLO as RFLO
from ._truncated_1997 import Truncated1997 as Truncated1997
