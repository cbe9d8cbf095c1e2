from ._covariates import covariates as covariates
from ._read import Many as Many
from ._read import MeasuredSeries as MeasuredSeries
from ._read import as_series as as_series
from ._read import one_series as one_series
from ._timeline import Timeline as Timeline
