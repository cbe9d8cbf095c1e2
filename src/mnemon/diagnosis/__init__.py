from ._weights import forward_and_context as forward_and_context
