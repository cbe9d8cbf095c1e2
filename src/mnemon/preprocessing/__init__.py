from ._missing import Missing as Missing
from ._missing import fill_missing as fill_missing
from ._missing import missing_means as missing_means
from ._windows import Windows as Windows
from ._windows import windows as windows
