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
        # Polish
        "Przeuczenie jest wtedy, gdy model zapamiętuje dane treningowe i szum.",
        "Dokładność nie jest dobrą miarą, ponieważ klasy są niezrównoważone.",
        # Indonesian
        "Model menghafal data latih dan tidak bekerja baik pada data baru.",
        "Akurasi bisa menyesatkan ketika kelas yang satu jauh lebih besar.",
        # Turkish
        "Model eğitim verisini ezberler ve yeni veride kötü sonuç verir.",
        "Doğruluk dengesiz sınıflar için yanıltıcı bir ölçüdür.",
        # Vietnamese
        "Mô hình học thuộc dữ liệu huấn luyện và kém trên dữ liệu mới.",
        "Độ chính xác gây hiểu lầm khi các lớp mất cân bằng.",
        # Swedish
        "Modellen lär sig bruset i träningsdata och fungerar inte på nya data.",
        "Man delar upp data i fem delar och testar på en av dem i taget.",
        # Czech
        "Model se naučí šum v trénovacích datech a na nových datech selže.",
        "Přesnost je zavádějící, když jsou třídy nevyvážené.",
        # Romanian
        "Modelul memorează datele de antrenare și nu generalizează pe date noi.",
        "Acuratețea este înșelătoare atunci când clasele sunt dezechilibrate.",
        # Finnish
        "Malli oppii kohinan ulkoa ja toimii huonosti uudella datalla, joka on uutta.",
        "Tarkkuus on harhaanjohtava, kun luokat ovat epätasapainossa.",
        # Swahili
        "Modeli inakariri data ya mafunzo na haifanyi vizuri kwa data mpya.",
        "Usahihi unapotosha wakati madarasa hayana uwiano katika data ya mafunzo.",
        # Tagalog
        "Kabisado ng modelo ang datos at hindi ito mahusay sa bagong datos.",
        "Nakakalinlang ang accuracy kapag hindi balanse ang mga klase sa datos.",
        # Hungarian
        "A modell megtanulja a tanító adatok zaját, és új adatokon rosszul teljesít.",
        "A pontosság félrevezető, ha az osztályok kiegyensúlyozatlanok.",
        # Danish
        "Modellen lærer støjen udenad og virker ikke godt på nye data.",
        "Man deler data op i fem dele og tester modellen ved hver af dem.",
        # Croatian
        "Model pamti podatke za treniranje i ne radi dobro na podacima koji su novi.",
        "Podaci se podijele na pet dijelova, a model se testira samo na jednom.",
        # Hindi in Latin letters
        "Overfitting tab hota hai jab model training data ko yaad kar leta hai.",
        "Model naye data par accha kaam nahi karta aur train par accha hai.",
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
        "precision recall f1 roc auc lift gain logloss brier calibration mcc kappa "
        "specificity sensitivity threshold confusion matrix support macro micro",
        "lasso ridge elastic net dropout early stopping pruning augmentation weight "
        "decay batch normalisation label smoothing bagging ensembling priors",
        "naïve Bayes, SVM, trees, forests, boosting, kNN, k-means, PCA, DBSCAN, GMM",
        "import os, numpy; del df; X_train, X_test = train_test_split(X, y); "
        "model.fit(X_train, y_train); print(model.score(X_test, y_test))",
        "λ = 0.1, σ = 2, μ = 0: loss = mse(y, ŷ) + λ * sum(abs(w))",
        "Use SMOTE, class weights, threshold tuning, PR-AUC, F1, MCC.",
    ],
)
def test_english_of_any_kind_and_what_is_too_short_to_tell_is_let_through(
    text: str,
) -> None:
    assert is_english(read_answer(text))
