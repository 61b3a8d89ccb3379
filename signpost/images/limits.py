"""What a picture may cost. Apart from imaging, so that settings need no Pillow."""

import math
from dataclasses import dataclass

from signpost.images.formats import DEFAULT_FORMATS

# The longest side of a JPEG. A thinner, longer picture would grow while it is resized: 1 × 50,000,000 pixels took 2 GB.
MAX_SIDE = 65_535
_LEAST_MEMORY_MB = 512
# Python with the function's imports, 73 MB, and what Lambda and X-Ray take beside it.
_OWN_MEMORY_MB = 140


@dataclass(frozen=True)
class Limits:
    """What a picture may cost.

    Attributes
    ----------
    max_bytes : int
        Size of the file.
    max_pixels : int
        Width × height. Some formats may have a part of it, as they take more memory a pixel:
        see `signpost.images.prepare`.
    formats : tuple of str
        Formats that are taken, of `signpost.images.formats.IMAGE_TYPES`.
    """

    max_bytes: int = 25 * 2**20
    max_pixels: int = 50_000_000
    formats: tuple[str, ...] = DEFAULT_FORMATS

    def memory_mb(self, largest_side: int) -> int:
        """Give the memory that a function needs to prepare any picture within these limits.

        A file is there twice: as it came, and without its metadata. The dearest picture is a progressive JPEG: 6 bytes
        a pixel, and 4 more where it is too thin to be decoded at half its size. For 25 MB, 50 megapixels and inputs of
        32 pixels at most 436 MB were measured (RSS, Linux), for inputs of 224 pixels 599 MB.

        Parameters
        ----------
        largest_side : int
            The longer side of the largest input of a model, in pixels.

        Returns
        -------
        int
            MB, a multiple of 64 and at least 512.
        """
        thin = min(self.max_pixels, MAX_SIDE * 4 * largest_side)
        picture = 2 * self.max_bytes + 6 * self.max_pixels + 4 * thin
        return max(_LEAST_MEMORY_MB, 64 * math.ceil((_OWN_MEMORY_MB + picture / 2**20) / 64))
