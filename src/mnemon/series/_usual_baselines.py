"""The baselines that stand in a table beside a model."""

from importlib.util import find_spec

from ._baselines import Baseline, Drift, Naive, SeasonalNaive
from ._linear_ar import LinearAR
from ._statistical import ARIMA, ETS


def baselines(period: int | None = None, *, statistical: bool | None = None) -> dict[str, Baseline]:
    """By name: naive, seasonal naive, drift, linear AR; and ETS and ARIMA.

    Args:
        period: steps of a season; None for what the index suggests.
        statistical: whether ETS and ARIMA are among them; None for where statsmodels is installed.

    Example:
        >>> from mnemon.series import baselines
        >>> list(baselines(statistical=False))
        ['naive', 'seasonal naive', 'drift', 'linear AR']

    """
    usual: dict[str, Baseline] = {
        "naive": Naive(),
        "seasonal naive": SeasonalNaive(period),
        "drift": Drift(),
        "linear AR": LinearAR(),
    }
    if find_spec("statsmodels") is not None if statistical is None else statistical:
        usual |= {"ETS": ETS(period=period), "ARIMA": ARIMA(period=period)}
    return usual
