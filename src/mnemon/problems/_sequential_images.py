"""Images read pixel by pixel: sequential and permuted MNIST, or any other pictures.

    x(t) = pixel t, in [0, 1], row after row;    permuted: pixel pi(t), one fixed order pi for all images

The class is asked for at the end, after 784 steps for MNIST. Q. Le, N. Jaitly and G. Hinton, 2015, arXiv:1504.00941.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import PRNGKeyArray

from ..errors import InvalidInput, raise_together
from ..sequences import Sequences
from ._problem import Sample, check_count, check_numbers, generator


@dataclass(frozen=True, eq=False)
class SequentialImages:
    """Images of a given set, as sequences of pixels; targets are their classes, asked for at the end.

    Args:
        images: (images, height, width): bytes, which become 0 ... 1, or floats, which stay as they are.
        labels: (images,) class numbers from 0.
        permuted: whether pixels come in one shuffled order.
        seed: which order; the same as `mnemon.data.read_idx(..., permutation=seed)` has.

    Raises:
        InvalidInput: images or labels of another form or number, or not finite.

    Example:
        >>> import jax, numpy as np
        >>> from mnemon.problems import SequentialImages
        >>> problem = SequentialImages(np.arange(12, dtype=np.uint8).reshape(3, 2, 2), np.array([0, 1, 1]))
        >>> problem.sample(jax.random.key(0), 2).xs
        Sequences(2 sequences, 1 channel, 4 steps)

    """

    images: np.ndarray = field(repr=False)
    labels: np.ndarray = field(repr=False)
    permuted: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers("SequentialImages", seed=(self.seed, 0))
        images, labels = np.asarray(self.images), np.asarray(self.labels)
        wrong = []
        if images.ndim != 3 or not images.size or not (images.dtype == np.uint8 or images.dtype.kind == "f"):
            wrong.append(f"expected images (n, height, width), bytes or floats; got {images.dtype} {images.shape}")
        elif not np.isfinite(images).all():
            wrong.append("the images hold NaN or infinity")
        if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu" or not labels.size or labels.min() < 0:
            wrong.append(f"expected {len(images)} labels, whole numbers from 0; got {labels.dtype} {labels.shape}")
        raise_together(wrong, "SequentialImages")
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", labels.astype(np.int64))

    @property
    def input_size(self) -> int:
        """One pixel a step."""
        return 1

    @property
    def output_size(self) -> int:
        """One output a class."""
        return int(self.labels.max()) + 1

    @property
    def longest(self) -> int:
        """As many steps as pixels."""
        return self.images.shape[1] * self.images.shape[2]

    @property
    def order(self) -> np.ndarray:
        """Which pixel is shown at each step, (time,)."""
        pixels = np.arange(self.longest)
        return np.random.default_rng(self.seed).permutation(pixels) if self.permuted else pixels

    @property
    def reference(self) -> str:
        """Where the task is from."""
        return "Q. Le, N. Jaitly and G. Hinton, 2015, arXiv:1504.00941"

    def sample(self, key: PRNGKeyArray, n: int) -> Sample:
        """`n` different images in random order, targets (n,); all of them, where n is their number.

        Raises:
            InvalidInput: fewer than one, or more than there are.

        """
        check_count(self, n)
        if n > len(self.images):
            raise InvalidInput(f"SequentialImages.sample: n={n}, but there are {len(self.images)} images")
        rows = generator(key).permutation(len(self.images))[:n]
        pixels = self.images[rows].reshape(n, self.longest, 1)[:, self.order]
        if pixels.dtype == np.uint8:
            pixels = np.divide(pixels, np.float32(255), dtype=np.float32)
        return Sample(Sequences(pixels, layout="channels_last"), self.labels[rows])

    def right(self, answers: Any, targets: Any) -> Any:
        """Answers whose largest output is the class's."""
        return answers.argmax(axis=-1).astype(targets.dtype) == targets
