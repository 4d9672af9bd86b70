import pytest

from evals.learning_curve import thinned
from grader.settings import Settings
from grader.wiring import open_shelf


@pytest.mark.parametrize("size", [1, 8, 9999])
def test_a_thinned_rubric_has_so_many_examples_of_both_kinds(size: int) -> None:
    rubric = open_shelf(Settings()).rubric("overfitting")

    thin = thinned(rubric, size)

    assert thin == thinned(rubric, size)
    assert thin.digest != rubric.digest
    assert [part.id for part in thin.parts] == [part.id for part in rubric.parts]
    for some, all_ in zip(thin.parts, rubric.parts, strict=True):
        assert set(some.examples) <= set(all_.examples)
        for met in (True, False):
            there = sum(example.met is met for example in all_.examples)
            kept = sum(example.met is met for example in some.examples)
            assert kept == min(size, there)
