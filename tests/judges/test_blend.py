import numpy as np
import pytest

from grader.judges.blend import NAMES, Claim, figures, function_word_share
from grader.judges.encoder import Vectors

NEAR, FAR = [1.0, 0.0], [0.0, 1.0]


def vectors(*rows: list[float]) -> Vectors:
    return np.array(rows, dtype=np.float32)


def claim(text: str, question: str = "Why boil water?") -> Claim:
    one = vectors(NEAR, FAR)
    return Claim(text=text, vector=one[0], question=question, question_vector=one[1])


def figures_of(said: str, required: str) -> dict[str, float]:
    return figures(claim(required), [said], vectors(NEAR), said)[0]


def test_the_figures_have_the_names_that_calibration_uses() -> None:
    assert tuple(figures_of("Tea.", "Names tea.")) == NAMES


def test_the_window_nearest_in_meaning_and_words_is_looked_at() -> None:
    windows = ["Bananas are yellow.", "Fresh water boils.", "Water."]
    found, best = figures(
        claim("Says that fresh water boils."),
        windows,
        vectors([0.1, 0.0], [0.8, 0.6], [0.8, 0.6]),
        " ".join(windows),
    )

    assert best == 1
    assert found["cosine"] == pytest.approx(0.8)
    assert found["question_cosine"] == pytest.approx(0.6)
    assert found["answer_cosine"] == pytest.approx((0.1 + 0.8 + 0.8) / 3)
    assert found["recall"] == found["answer_recall"] == 1
    assert found["cosine_x_recall"] == pytest.approx(0.8)


def test_overlap_by_hand() -> None:
    found = figures_of("Fresh milk boils quickly.", "Fresh water boils.")

    # Wanted: fresh, water, boil. Found: fresh, milk, boil, quick.
    assert found["recall"] == pytest.approx(2 / 3)
    assert found["precision"] == pytest.approx(2 / 4)
    assert found["jaccard"] == pytest.approx(2 / 5)
    # Without the question's water and boil, only fresh is new.
    assert found["novel_recall"] == 1
    assert found["pair_recall"] == 0
    assert found["length"] == pytest.approx(np.log(5))


def test_neighbouring_words_count_only_in_their_order() -> None:
    assert figures_of("Fresh water boils.", "fresh water boils")["pair_recall"] == 1
    assert figures_of("Boils water fresh.", "fresh water boils")["pair_recall"] == 0


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        ("It is boiled.", 0),
        ("It is not boiled.", 1),
        ("It isn’t boiled.", 1),
        ("It cannot be done without boiling.", 0),
    ],
)
def test_a_negation_that_the_claim_lacks_is_noticed(said: str, differs: float) -> None:
    assert figures_of(said, "It is boiled.")["negation_differs"] == differs


def test_shared_numbers_are_a_share_of_the_claims_numbers() -> None:
    assert figures_of("3 minutes at 95%", "3 minutes, 95%")["numbers_shared"] == 1
    assert figures_of("3 minutes at 80%", "3 minutes, 95%")["numbers_shared"] == 0.5
    assert figures_of("3 minutes", "Some minutes")["numbers_shared"] == 0


def test_words_in_another_script_are_no_division_by_zero() -> None:
    found = figures_of("解", "Says that it is so.")

    assert all(np.isfinite(list(found.values())))


def test_a_keyword_list_has_few_function_words() -> None:
    assert function_word_share("precision recall f1 overfitting variance") == 0
    assert function_word_share("It is the share of the cases that it finds.") > 0.5
    assert function_word_share("") == 0
