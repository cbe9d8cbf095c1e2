from ._bptt import BPTT as BPTT
from ._bptt import TruncatedBPTT as TruncatedBPTT
from ._gradient import Chunk as Chunk
from ._gradient import Gradient as Gradient
from ._rflo import RFLO as RFLO
from ._rtrl import RTRL as RTRL
from ._rtrl import SnAp as SnAp
from ._truncated_1997 import Truncated1997 as Truncated1997
