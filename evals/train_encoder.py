"""Teach the encoder what the rubrics' examples mean, before it is exported.

    pip install 'answer-grader[train]'
    python -m evals.train_encoder FOLDER_WITH_MODEL_SAFETENSORS OUT.safetensors
    python -m evals.make_encoder FOLDER_WITH_MODEL_SAFETENSORS --weights OUT.safetensors

All encoder weights and one linear head per criterion and red flag are trained at once:
binary cross-entropy on each passage's own part, and less of the same towards "no" for
every part of other questions. People say two things in one sentence, so in every epoch
half as many passages again are two run together: any passage, and one that meets
another criterion of the same question. The heads are thrown away; `grader fit --all`
fits new ones. Takes some ten minutes on two cores. Reads no labelled answer.
"""

import argparse
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.make_encoder import TARGET, checked, encoder
from grader.settings import Settings
from grader.wiring import open_shelf

EPOCHS = 4
BATCH = 32
SEED = 0
ENCODER_RATE, HEAD_RATE = 4e-5, 5e-3
SCALE = 10.0
"""What unit vectors are multiplied by in front of a head."""
ELSEWHERE = 1.2
"""Weight of saying no to the parts of other questions."""
JOINED = 0.5
"""Passages run together, as a share of all."""
JOINERS = (" and ", ", so ", ", but ", "; ", ". ", " because ", ", and then ")


@dataclass(frozen=True)
class Row:
    """A passage, the question it is about (or -1), and its label for some parts."""

    text: str
    question: int
    labels: tuple[tuple[int, float], ...]


def main() -> None:
    """Train, and save the encoder's weights under their original names."""
    import torch
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    rows, questions = read_rows()
    model = encoder(checked(given.folder))
    train(model, rows, questions)
    save_file(model.state_dict(), given.out)
    print(f"{given.out}: {len(rows)} passages, {len(questions)} parts")


def read_rows() -> tuple[list[Row], list[int]]:
    """Every example and generic passage, and the question of each part."""
    rows: list[Row] = []
    questions: list[int] = []
    for number, rubric in enumerate(open_shelf(Settings()).rubrics()):
        for part in rubric.parts:
            for example in part.examples:
                label = (len(questions), float(example.met))
                rows.append(Row(example.text, number, (label,)))
            questions.append(number)
    generic = Path(__file__).with_name("generic_passages.txt").read_text().splitlines()
    return rows + [Row(text, -1, ()) for text in generic], questions


def joined_rows(rows: list[Row]) -> list[Row]:
    """Passages run together: any one, and one that meets another criterion."""
    met: dict[int, list[Row]] = {}
    for row in rows:
        if row.labels and row.labels[0][1]:
            met.setdefault(row.question, []).append(row)
    made = []
    for row in random.sample(rows, int(JOINED * len(rows))):
        other = random.choice(met[row.question]) if row.labels else row
        if row.labels and other.labels[0][0] != row.labels[0][0]:
            first, second = random.sample([row, other], 2)
            text = first.text.rstrip(".") + random.choice(JOINERS) + second.text
            made.append(Row(text, row.question, row.labels + other.labels))
    return made


def train(model: Any, rows: list[Row], questions: list[int]) -> None:
    """Fit the encoder in place."""
    import torch
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(TARGET / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(128)
    heads = torch.nn.Linear(384, len(questions))
    torch.nn.init.zeros_(heads.weight)
    torch.nn.init.constant_(heads.bias, -1.0)
    groups = [
        {"params": model.parameters(), "lr": ENCODER_RATE},
        {"params": heads.parameters(), "lr": HEAD_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = EPOCHS * (int((1 + JOINED) * len(rows)) // BATCH + 1)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / 100) * max(0.05, 1 - step / steps)
    )
    of_part = torch.tensor(questions)
    dropout = torch.nn.Dropout(0.1)
    model.train()
    for epoch in range(EPOCHS):
        total = 0.0
        shown = rows + joined_rows(rows)
        ids = [tokenizer.encode(row.text).ids for row in shown]
        batches = batches_of(ids)
        for batch in batches:
            vectors = pooled(model, [ids[row] for row in batch])
            logits = heads(dropout(vectors) * SCALE)
            loss = loss_of(logits, [shown[row] for row in batch], of_part)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += float(loss)
        print(f"epoch {epoch + 1}: loss {total / len(batches):.4f}", flush=True)
    model.eval()


def loss_of(logits: Any, rows: list[Row], of_part: Any) -> Any:
    """The loss of one batch, from logits (n, parts)."""
    import torch
    from torch.nn import functional

    labels = [(n, *label) for n, row in enumerate(rows) for label in row.labels]
    places, parts, met = (torch.tensor(column) for column in zip(*labels, strict=True))
    loss = functional.binary_cross_entropy_with_logits(logits[places, parts], met)
    question = torch.tensor([row.question for row in rows])
    elsewhere = (of_part[None, :] != question[:, None]).float()
    said_yes = functional.softplus(logits) * elsewhere
    return loss + ELSEWHERE * said_yes.sum() / elsewhere.sum()


def batches_of(ids: list[list[int]]) -> list[list[int]]:
    """Row numbers in random batches of about equal length."""
    order = random.sample(range(len(ids)), len(ids))
    batches = []
    for start in range(0, len(order), 10 * BATCH):
        chunk = sorted(order[start : start + 10 * BATCH], key=lambda row: len(ids[row]))
        batches += [chunk[at : at + BATCH] for at in range(0, len(chunk), BATCH)]
    random.shuffle(batches)
    return batches


def pooled(model: Any, ids: list[list[int]]) -> Any:
    """Unit vectors (n, 384) of tokenised passages."""
    import torch
    from torch.nn import functional

    width = max(map(len, ids))
    padded = torch.zeros(len(ids), width, dtype=torch.int64)
    mask = torch.zeros_like(padded)
    for place, row in enumerate(ids):
        padded[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    vectors = (model(padded, mask) * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return functional.normalize(vectors, dim=1)


if __name__ == "__main__":
    main()
