from ._auto_encoder import Pretrained as Pretrained
from ._auto_encoder import pretrain as pretrain
from ._context import CONTEXTS as CONTEXTS
from ._context import Context as Context
from ._context import context_weights as context_weights
from ._context import reset_context as reset_context
