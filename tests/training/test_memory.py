"""What training on the whole of CIFAR-100 takes."""

import pytest

pytest.importorskip("tensorflow", reason="training needs TensorFlow, an extra of its own: requirements/training.txt")

from training.benchmark.memory import measure_memory


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_training_on_the_whole_of_cifar_100_stays_under_4_gb():
    assert measure_memory()["peak_mb"] < 4096
