"""Teach the encoder what the rubrics' examples mean, before it is exported.

    pip install 'answer-grader[train]'
    python -m evals.train_encoder FOLDER_WITH_MODEL_SAFETENSORS OUT.safetensors
    python -m evals.make_encoder FOLDER_WITH_MODEL_SAFETENSORS --weights OUT.safetensors

All encoder weights and one linear head per criterion and red flag are trained at once,
by binary cross-entropy, on three kinds of text:

- every example passage alone;
- passages of one question run together into an answer, so that each is read in the
  light of the others; where the opposite of what meets a criterion comes later, the
  criterion is not met any more;
- the whole answers of the train split, where the best window of one or two sentences
  has to be what the labels say, and lie where the labeller saw it.

On all of them every part of other questions is taught to say no. The heads are thrown
away; `grader fit --all` fits new ones. Takes some twenty minutes on two idle cores.
"""

import argparse
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evals.labelled import read_examples
from evals.make_encoder import TARGET, checked, encoder
from grader.answer import read_answer
from grader.judgement import Verdict
from grader.judges.encoder import LONGEST, MARKERS, ROOM, UNKNOWN
from grader.rubric import FlagKind, RedFlag, Rubric
from grader.settings import Settings
from grader.wiring import open_shelf

EPOCHS = 4
SEED = 0
ENCODER_RATE, HEAD_RATE = 4e-5, 5e-3
BATCH_TOKENS = 1000
SCALE = 10.0
"""What unit vectors are multiplied by in front of a head."""
ELSEWHERE = 1.2
"""Weight of saying no to the parts of other questions."""
PARTLY = 0.25
"""How far a criterion that is partly met is taught as met."""
LENGTHS = (1, 2, 2, 3, 3, 4, 5, 6)
"""How many passages are run together, equally likely each."""
TAKEN_BACK, PADDED, JOINED = 0.25, 0.15, 0.35
"""How often an answer run together takes something back, holds a passage about nothing,
and makes two points in one sentence."""
JOINERS = (" and ", ", so ", ", but ", "; ", ". ", " because ", ", and then ")

Tokens = list[int]


@dataclass
class Segment:
    """What is pooled into one vector, and its label, 0..1, for some parts."""

    tokens: Tokens
    labels: dict[int, float] = field(default_factory=dict)


@dataclass
class Passage:
    """An example, of a question's part."""

    tokens: Tokens
    question: int
    part: int
    met: bool
    type: str

    def segment(self) -> Segment:
        """The passage as it stands."""
        return Segment(self.tokens, {self.part: float(self.met)})


@dataclass
class Text:
    """Segments that are read together, about one question (or -1, about none).

    `verdicts` has, where the text is a labelled answer, each part's label, 0..1, and
    the numbers of the sentences that a labeller named.
    """

    segments: list[Segment]
    question: int
    verdicts: dict[int, tuple[float, tuple[int, ...]]] = field(default_factory=dict)

    @property
    def length(self) -> int:
        """Its tokens, markers included."""
        return sum(len(segment.tokens) for segment in self.segments) + len(MARKERS)


@dataclass
class Material:
    """What there is to learn from.

    questions  the question of each part
    omissions  the parts that are judged on the whole answer
    """

    passages: list[Passage]
    generic: list[Tokens]
    answers: list[Text]
    questions: list[int]
    omissions: set[int]


def main() -> None:
    """Train, and save the encoder's weights under their original names."""
    import torch
    from safetensors.torch import save_file

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--without", default="", help="ids of questions to hold out, with commas"
    )
    given = parser.parse_args()
    random.seed(SEED)
    torch.manual_seed(SEED)
    left_out = set(filter(None, given.without.split(",")))
    rubrics = [
        r for r in open_shelf(Settings()).rubrics() if r.question.id not in left_out
    ]
    material = read_material(rubrics)
    model = encoder(checked(given.folder))
    train(model, material)
    save_file(model.state_dict(), given.out)
    print(
        f"{given.out}: {len(material.passages)} passages, {len(material.answers)} "
        f"answers, {len(material.questions)} parts"
    )


def read_material(rubrics: Sequence[Rubric]) -> Material:
    """The examples of these rubrics, and the train split's answers to them."""
    generic = Path(__file__).with_name("generic_passages.txt").read_text().splitlines()
    tokens = tokenise()
    material = Material([], [tokens(text) for text in generic], [], [], set())
    numbers: dict[tuple[str, str], int] = {}
    for question, rubric in enumerate(rubrics):
        for part in rubric.parts:
            number = len(material.questions)
            numbers[rubric.question.id, part.id] = number
            material.questions.append(question)
            if isinstance(part, RedFlag) and part.kind is FlagKind.OMITS:
                material.omissions.add(number)
            material.passages += [
                Passage(tokens(e.text), question, number, e.met, e.type)
                for e in part.examples
            ]
    places = {rubric.question.id: place for place, rubric in enumerate(rubrics)}
    marks = {Verdict.MET: 1.0, Verdict.PARTIAL: PARTLY, Verdict.UNMET: 0.0}
    for example in read_examples():
        if example.split != "train" or example.question_id not in places:
            continue
        labels = {id: marks[verdict] for id, verdict in example.verdicts.items()}
        labels |= {id: float(seen) for id, seen in example.red_flags.items()}
        text = Text(
            [Segment(tokens(s.safe)) for s in read_answer(example.answer).sentences],
            places[example.question_id],
            {
                numbers[example.question_id, id]: (label, example.evidence.get(id, ()))
                for id, label in labels.items()
            },
        )
        if text.length <= ROOM + len(MARKERS):
            material.answers.append(text)
    return material


def tokenise() -> Any:
    """A function from a text to its tokens, without markers."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(TARGET / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(LONGEST)
    return lambda text: (
        tokenizer.encode(text, add_special_tokens=False).ids or [UNKNOWN]
    )


def texts_of(material: Material) -> list[Text]:
    """One epoch: everything once, and passages run together anew."""
    alone = [Text([p.segment()], p.question) for p in material.passages]
    about_nothing = [Text([Segment(tokens)], -1) for tokens in material.generic]
    return alone + about_nothing + run_together(material) + material.answers


def run_together(material: Material) -> list[Text]:
    """Answers made of passages: each passage once, with others of its question."""
    joiners = [tokenise()(joiner) for joiner in JOINERS]
    opposites: dict[int, list[Passage]] = {}
    by_question: dict[int, list[Passage]] = {}
    for passage in random.sample(material.passages, len(material.passages)):
        if passage.type == "opposite":
            opposites.setdefault(passage.part, []).append(passage)
        if passage.part not in material.omissions:
            by_question.setdefault(passage.question, []).append(passage)
    texts = []
    for question, left in by_question.items():
        while left:
            size = random.choice(LENGTHS)
            segments = [passage.segment() for passage in left[:size]]
            left = left[size:]
            vary(segments, opposites, material.generic, joiners)
            texts.append(Text(within(segments, ROOM), question))
    return texts


def vary(
    segments: list[Segment],
    opposites: dict[int, list[Passage]],
    generic: list[Tokens],
    joiners: list[Tokens],
) -> None:
    """Sometimes take something back, say something beside the point, or join two."""
    if random.random() < TAKEN_BACK:
        take_back(segments, opposites)
    if random.random() < PADDED:
        place = random.randint(0, len(segments))
        segments.insert(place, Segment(random.choice(generic)))
    if len(segments) > 1 and random.random() < JOINED:
        join(segments, random.choice(joiners))


def take_back(segments: list[Segment], opposites: dict[int, list[Passage]]) -> None:
    """Put, after a passage that meets a criterion, one that says its opposite."""
    places = [
        place
        for place, segment in enumerate(segments)
        if any(label and part in opposites for part, label in segment.labels.items())
    ]
    if places:
        place = random.choice(places)
        ((part, _),) = segments[place].labels.items()
        segments[place].labels = {part: 0.0}
        after = random.randint(place + 1, len(segments))
        segments.insert(after, random.choice(opposites[part]).segment())


def join(segments: list[Segment], joiner: Tokens) -> None:
    """Make one sentence of two neighbours."""
    place = random.randrange(len(segments) - 1)
    one, two = segments[place : place + 2]
    labels = dict(one.labels)
    for part, label in two.labels.items():
        labels[part] = max(label, labels.get(part, 0.0))
    segments[place : place + 2] = [Segment(one.tokens + joiner + two.tokens, labels)]


def within(segments: Iterable[Segment], room: int) -> list[Segment]:
    """As many of the first segments as there is room for, and at least one."""
    kept: list[Segment] = []
    for segment in segments:
        room -= len(segment.tokens)
        if kept and room < 0:
            break
        kept.append(segment)
    return kept


def batches_of(texts: list[Text]) -> list[list[Text]]:
    """Random batches of texts of about equal length."""
    texts = random.sample(texts, len(texts))
    batches = []
    for start in range(0, len(texts), 400):
        batch: list[Text] = []
        for text in sorted(texts[start : start + 400], key=lambda text: text.length):
            if batch and (len(batch) + 1) * text.length > BATCH_TOKENS:
                batches.append(batch)
                batch = []
            batch.append(text)
        batches.append(batch)
    random.shuffle(batches)
    return batches


def train(model: Any, material: Material, epochs: int = EPOCHS) -> None:
    """Fit the encoder in place."""
    import torch

    heads = torch.nn.Linear(384, len(material.questions))
    torch.nn.init.zeros_(heads.weight)
    torch.nn.init.constant_(heads.bias, -1.0)
    groups = [
        {"params": model.parameters(), "lr": ENCODER_RATE},
        {"params": heads.parameters(), "lr": HEAD_RATE},
    ]
    optimiser = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = epochs * len(batches_of(texts_of(material)))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, step / 100) * max(0.05, 1 - step / steps)
    )
    dropout = torch.nn.Dropout(0.1)
    model.train()
    for epoch in range(epochs):
        total = 0.0
        batches = batches_of(texts_of(material))
        for batch in batches:
            sums, counts = pooled(model, batch)
            loss = loss_of(
                batch,
                sums,
                counts,
                lambda vectors: heads(dropout(vectors) * SCALE),
                material,
            )
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item()
        print(f"epoch {epoch + 1}: loss {total / len(batches):.4f}", flush=True)
    model.eval()


def pooled(model: Any, batch: Sequence[Text]) -> tuple[Any, Any]:
    """Sums (n, 384) and counts (n, 1) of the token vectors of all segments."""
    import torch

    opened, closed = MARKERS
    ids = torch.zeros(len(batch), max(t.length for t in batch), dtype=torch.int64)
    mask = torch.zeros_like(ids)
    spans = []
    for row, text in enumerate(batch):
        tokens = [opened]
        for segment in text.segments:
            spans.append((row, len(tokens), len(tokens) + len(segment.tokens)))
            tokens += segment.tokens
        tokens.append(closed)
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    vectors = model(ids, mask)
    sums = torch.stack([vectors[row, start:end].sum(0) for row, start, end in spans])
    return sums, torch.tensor([[float(end - start)] for _, start, end in spans])


def loss_of(
    batch: Sequence[Text], sums: Any, counts: Any, heads: Any, material: Material
) -> Any:
    """The loss of one batch: labels of segments, labels of answers, and elsewhere."""
    import torch
    from torch.nn import functional

    logits = heads(functional.normalize(sums / counts, dim=1))
    chosen, labels = [], []
    at = 0
    for text in batch:
        here = slice(at, at + len(text.segments))
        at = here.stop
        if text.verdicts:
            windows = of_windows(sums[here], counts[here], logits[here], heads)
            whole = heads(functional.normalize(sums[here].sum(0, keepdim=True), dim=1))
            for part, (label, named) in text.verdicts.items():
                seen = named if label > PARTLY else ()
                places = windows_with(seen, len(text.segments))
                likely = windows[places, part] if places else windows[:, part]
                omission = part in material.omissions
                chosen.append(whole[0, part] if omission else likely.max())
                labels.append(label)
        for segment, row in zip(text.segments, logits[here], strict=True):
            for part, label in segment.labels.items():
                chosen.append(row[part])
                labels.append(label)
    question = torch.tensor([t.question for t in batch for _ in t.segments])
    of_part = torch.tensor(material.questions)
    elsewhere = (of_part[None, :] != question[:, None]).float()
    said_yes = (functional.softplus(logits) * elsewhere).sum() / elsewhere.sum()
    if not chosen:
        return ELSEWHERE * said_yes
    loss = functional.binary_cross_entropy_with_logits(
        torch.stack(chosen), torch.tensor(labels)
    )
    return loss + ELSEWHERE * said_yes


def of_windows(sums: Any, counts: Any, logits: Any, heads: Any) -> Any:
    """Logits (2n - 1, parts) of n sentences and of their pairs of neighbours."""
    import torch
    from torch.nn import functional

    if len(sums) == 1:
        return logits
    pairs = (sums[:-1] + sums[1:]) / (counts[:-1] + counts[1:])
    return torch.cat([logits, heads(functional.normalize(pairs, dim=1))])


def windows_with(named: Sequence[int], n: int) -> list[int]:
    """The places of the windows that hold only sentences which a labeller named."""
    named = [number for number in named if number <= n]
    pairs = [n + number - 1 for number in named if number + 1 in named]
    return [number - 1 for number in named] + pairs


if __name__ == "__main__":
    main()
