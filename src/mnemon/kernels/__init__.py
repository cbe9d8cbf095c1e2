from ._library import instruction_set as instruction_set
from ._library import library as library
from ._library import threads as threads
from ._library import why_not as why_not
from ._standard_form import StandardForm as StandardForm
from ._stepper import Stepper as Stepper
from ._walk import walk as walk
