"""Why published success counts differ so much where the gradient is the same: one choice of the protocol at a time."""

from ._latching_changes import CHANGES, SHARED, LatchingChanges

LATCHING_WHY = LatchingChanges(
    name="latching-why",
    title="Information latching: what the number of successes hangs on",
    question=(
        "eBPTT and eRTRL compute the same gradient, yet 14 and 96 of 100 networks were published to succeed at T = "
        "130. Which of the choices that the papers leave open can make such a difference?"
    ),
    conditions=(*SHARED, *(condition for condition in CHANGES if condition.startswith("why-"))),
    notes=(
        (
            "What the full run says",
            (
                "The rate alone can. 0.6 with momentum 0.5, an update a string, is at the edge: networks stay "
                "where all answers are 0.5, or learn and are thrown back there, the more often the longer the "
                "strings and the more updates an epoch has. A sixth of that rate, or the mean of ten strings, "
                "takes most failures away; so do initial weights four times as wide, which leave the plateau at "
                "once.",
                "Pre-trained networks fail by being thrown back: at the smaller rate none fails, whatever becomes "
                "of the context weights. The identity at both levels is the start that is thrown back most; that "
                "is why it is not above zero here, as it was published to be.",
                "With 50 strings of 130 letters success means nothing: no network knows new strings.",
            ),
        ),
    ),
    lengths=(60, 130),
)
