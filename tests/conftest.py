"""What every test module sees."""

import os

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before anything imports TensorFlow

from emospec.image_set import ImageSet
from samples import image_set


@pytest.fixture
def images() -> ImageSet:
    """Six speakers, 96 images of 24 x 24."""
    return image_set()


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What the trainings of a module have told of their progress."""
    return []
