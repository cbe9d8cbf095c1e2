from .unfold import Engine as Engine
from .unfold import no_nudge as no_nudge
from .unfold import unfold as unfold
