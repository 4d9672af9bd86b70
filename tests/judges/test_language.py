import pytest

from grader.answer import read_answer
from grader.judges.language import is_english


@pytest.mark.parametrize(
    "text",
    [
        "Überanpassung bedeutet, dass das Modell die Trainingsdaten auswendig lernt.",
        "El sobreajuste es cuando el modelo memoriza los datos y no generaliza bien.",
        "Le surapprentissage, c'est quand le modèle mémorise les données.",
        "O modelo decora os dados de treino e não generaliza para dados que não viu.",
        "Il modello impara a memoria i dati e non generalizza con gli altri dati.",
        "Het model leert de data uit het hoofd en is niet goed op nieuwe data.",
        "过拟合是指模型记住了训练数据，而在新数据上表现很差。",
        "Переобучение — это когда модель запоминает обучающие данные.",
    ],
)
def test_other_languages_are_told_apart(text: str) -> None:
    assert not is_english(read_answer(text))


@pytest.mark.parametrize(
    "text",
    [
        "Model is memorising the train datas, on the new one is not good.",
        "overfit = high train, low val",
        "precision recall f1 roc auc lift",
        "Yes.",
        "In Zürich we call it déjà vu: the model has seen the data.",
        "TP / (TP + FP), TP / (TP + FN)",
        "k = 5: for i in range(5): fit(x[i]); score(x[-i])",
        "解",
    ],
)
def test_english_of_any_kind_and_what_is_too_short_to_tell_is_let_through(
    text: str,
) -> None:
    assert is_english(read_answer(text))
