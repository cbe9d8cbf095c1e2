from ._augment import Augment as Augment
from ._log_mel import LogMel as LogMel
from ._mfcc import MFCC as MFCC
from ._recording import Recording as Recording
from ._recording import read_audio as read_audio
from ._stream import FrameStream as FrameStream
