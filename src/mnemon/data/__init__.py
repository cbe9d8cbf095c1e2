from ._dataset import Dataset as Dataset
from ._japanese_vowels import japanese_vowels as japanese_vowels
from ._npz import read_npz as read_npz
from ._npz import write_npz as write_npz
from ._read import read as read
from ._ts import read_ts as read_ts
