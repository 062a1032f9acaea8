"""Made-up rollouts of realistic length for the benchmarks: the invented segments of `labels/`, put together anew."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random

from traceanalytics.paths import shipped_folder

CODE = """```python
from sympy import symbols, solve

x = symbols("x")
equation = x**2 - 5*x + {number}
print(solve(equation, x))
```
```output
[2, 3]
```
The roots are 2 and 3, so the answer is $\\boxed{{{number}}}$."""
FORMULA = "\\[\n\\frac{{{number}}}{{2}} = \\sqrt{{{number}}} + x^2\n\\]"


def rollouts(count: int, *, seed: int = 0, length: float = 1.0) -> Iterator[dict[str, object]]:
    """Yield records as verl writes them: prose, formulas and code, every prompt with 8 samples.

    A response has some 1.6 kB, times `length`.
    """
    random = Random(seed)
    pieces = _pieces()
    for number in range(count):
        prompt = f"What is {number // 8} + {number // 8 % 17}? Put your final answer within \\boxed{{}}."
        yield {
            "input": f"user\n{prompt}\nassistant\n",
            "output": _response(random, pieces, length),
            "score": float(number % 3 == 0),
            "step": number // 1024,
        }


def _response(random: Random, pieces: list[str], length: float) -> str:
    count = max(3, int(length * random.lognormvariate(3.2, 0.6)))
    written = []
    for piece in random.choices(pieces, k=count):
        chance, number = random.random(), random.randrange(2, 999)
        if chance < 0.08:
            piece = FORMULA.format(number=number)
        elif chance < 0.1:
            piece = CODE.format(number=number)
        written += [piece, "\n\n" if random.random() < 0.3 else " "]
    return "".join(written)


def _pieces() -> list[str]:
    paths = sorted(Path(shipped_folder("labels")).glob("seed-*.jsonl"))
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [json.loads(line)["text"] for line in lines]
