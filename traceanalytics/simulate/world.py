"""A made-up training run: which behaviors and answers its policy shows at which step. The truth is planted here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, log
from random import Random

import numpy as np

from traceanalytics.simulate.problems import Problem, make_problem
from traceanalytics.simulate.texts import REFLECTIONS, Plan, Strategy


class Reward(StrEnum):
    """What the run is rewarded for."""

    GROUND_TRUTH = "ground_truth"
    MAJORITY = "majority"
    FORMAT = "format"
    INCORRECT = "incorrect"
    RANDOM = "random"
    PYTHON = "python"
    ONE_SHOT = "one_shot"
    PSR = "psr"
    NSR = "nsr"


class Family(StrEnum):
    """Whether the base model holds the strategy that any reward can bring out."""

    LATENT = "latent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class World:
    """The dials of a made-up run; rates are fractions of rollouts."""

    reward: Reward = Reward.RANDOM
    family: Family = Family.LATENT
    prompts: int = 64
    samples: int = 8
    steps: int = 150
    every: int = 10
    icc: float = 0.3  # correlation of the strategy between samples of one prompt
    memorized: float = 0.0  # part of the prompts whose answer the model knows by heart
    mention: float = 0.05  # part of the language responses that only talk about code, at the end of the run
    degenerate: float = 0.0  # part of the language responses that loop empty fences, at the end of the run
    curriculum: bool = False  # training prompts get harder from step to step
    seed: int = 0
    prompt_seed: int | None = None  # worlds of one have the same prompts; that of the world where none is given

    def code_rate(self, step: int) -> float:
        """Return the planted share of code reasoning at a step."""
        start, end, midpoint = _CODE_CURVES[self.family][self.reward]
        peak = _PEAKS.get((self.family, self.reward))
        if peak is not None and step > midpoint:
            return _between(peak, end, _saturated(step - midpoint, self.steps - midpoint, 0.3))
        return _between(start, peak or end, _saturated(step, self.steps, midpoint / 150))

    def reflection_rate(self, behavior: str, step: int) -> float:
        """Return the planted share of rollouts that show a reflection at a step."""
        start, end = _REFLECTION_CURVES[behavior]
        return _between(start, end, step / max(self.steps, 1))

    def accuracy(self, strategy: Strategy, step: int, difficulty: float) -> float:
        """Return the planted chance of a right answer, given strategy and difficulty (0 is average)."""
        if strategy is Strategy.RECALL:
            return 0.98
        by_code = strategy is Strategy.CODE
        start = _BASE_ACCURACY[self.family][by_code]
        learned = _LEARNED[self.family].get(self.reward, 0.0) * _saturated(step, self.steps, 0.4)
        return 1 / (1 + exp(-(log(start / (1 - start)) + learned - difficulty)))


@dataclass(slots=True)
class Sampled:
    """One rollout of the made-up run before it is written in a trainer's format."""

    step: int
    prompt_index: int
    sample_index: int
    plan: Plan
    reward: float
    advantage: float
    split: str

    @property
    def correct(self) -> bool:
        """Say whether the claimed answer is right."""
        return self.plan.claimed == self.plan.problem.answer


@dataclass(slots=True)
class Prompt:
    """A problem of the run: how hard it is, and where it stands in the order of inclination to code."""

    problem: Problem
    difficulty: float
    inclination: float
    memorized: bool = field(default=False)


def make_prompts(world: World) -> list[Prompt]:
    """Draw the prompts of a world, no question twice."""
    seed = world.seed if world.prompt_seed is None else world.prompt_seed
    random, draws = Random(seed), np.random.default_rng(seed)
    problems: dict[str, Problem] = {}
    while len(problems) < world.prompts:
        problem = make_problem(random)
        problems.setdefault(problem.question, problem)
    difficulty = draws.normal(0, 1, world.prompts)
    inclination = draws.permutation((np.arange(world.prompts) + 0.5) / world.prompts)
    memorized = draws.random(world.prompts) < world.memorized
    return [
        Prompt(problem, float(difficulty[i]), float(inclination[i]), bool(memorized[i]))
        for i, problem in enumerate(problems.values())
    ]


def play(world: World, split: str = "train") -> Iterator[list[Sampled]]:
    """Yield the rollouts of one step after the other; `val` rolls all prompts out, `train` what training sees."""
    prompts = make_prompts(world)
    random = Random(f"{world.seed}-{split}")
    draws = np.random.default_rng([world.seed, len(split)])
    for step in range(0, world.steps + 1, world.every):
        chosen = range(len(prompts)) if split == "val" else _training_prompts(world, prompts, step)
        rates = _rates_by_inclination(world.code_rate(step), world.icc, [prompts[i].inclination for i in chosen])
        sampled: list[Sampled] = []
        for i, rate in zip(chosen, rates, strict=True):
            plans = [_plan(world, prompts[i], step, rate, random, draws) for _ in range(world.samples)]
            rewards = _rewards(world.reward, plans, random)
            for j, (plan, advantage) in enumerate(zip(plans, _advantages(world.reward, rewards), strict=True)):
                sampled.append(Sampled(step, i, j, plan, rewards[j], advantage, split))
        yield sampled


def _training_prompts(world: World, prompts: list[Prompt], step: int) -> list[int]:
    if world.reward is Reward.ONE_SHOT:
        return [0]
    if not world.curriculum:
        return list(range(len(prompts)))
    order = sorted(range(len(prompts)), key=lambda i: prompts[i].difficulty)
    window = max(1, len(order) // 2)
    start = round(_saturated(step, world.steps, 0.5) * (len(order) - window))
    return order[start : start + window]


def _rates_by_inclination(mean: float, icc: float, inclinations: list[float]) -> list[float]:
    """Spread a mean rate over prompts as a beta distribution with the wanted correlation between their samples."""
    if icc <= 0 or not 0 < mean < 1:
        return [mean] * len(inclinations)
    from scipy.stats import beta

    scale = (1 - icc) / icc
    return [float(rate) for rate in beta.ppf(inclinations, mean * scale, (1 - mean) * scale)]


def _plan(
    world: World, prompt: Prompt, step: int, code_rate: float, random: Random, draws: np.random.Generator
) -> Plan:
    progress = step / max(world.steps, 1)
    strategy = Strategy.LANGUAGE
    if random.random() < code_rate:
        strategy = Strategy.CODE
    elif prompt.memorized:
        strategy = Strategy.RECALL
    elif random.random() < world.degenerate * progress:
        strategy = Strategy.DEGENERATE
    elif random.random() < world.mention * progress:
        strategy = Strategy.MENTION
    reflections = frozenset(each for each in REFLECTIONS if random.random() < world.reflection_rate(each, step))
    right = draws.random() < world.accuracy(strategy, step, prompt.difficulty)
    claimed = prompt.problem.answer if right else prompt.problem.answer + random.choice([-3, -2, -1, 1, 2, 3, 7, 10])
    boxed = world.reward is not Reward.FORMAT or random.random() < 0.8 + 0.2 * progress
    return Plan(prompt.problem, strategy, reflections, claimed, random.random() < 0.7 - 0.4 * progress, boxed)


def _rewards(reward: Reward, plans: list[Plan], random: Random) -> list[float]:
    claims = [plan.claimed for plan in plans]
    right = [float(plan.claimed == plan.problem.answer) for plan in plans]
    if reward is Reward.MAJORITY:
        majority = max(claims, key=claims.count)
        return [float(claim == majority) for claim in claims]
    if reward is Reward.FORMAT:
        return [float(plan.boxed) for plan in plans]
    if reward is Reward.INCORRECT:
        wrong = plans[0].problem.answer + 1
        return [float(claim == wrong) for claim in claims]
    if reward is Reward.RANDOM:
        return [float(random.random() < 0.5) for _ in plans]
    if reward is Reward.PYTHON:
        return [float(plan.strategy in (Strategy.CODE, Strategy.MENTION, Strategy.DEGENERATE)) for plan in plans]
    if reward is Reward.NSR:
        return [value - 1 for value in right]
    return right


def _advantages(reward: Reward, rewards: list[float]) -> list[float]:
    values = np.asarray(rewards)
    centered = (values - values.mean()) / (values.std() + 1e-6)
    if reward is Reward.PSR:
        centered = np.maximum(centered, 0)
    if reward is Reward.NSR:
        centered = np.minimum(centered, 0)
    return [float(value) for value in centered]


def _between(start: float, end: float, progress: float) -> float:
    return start + (end - start) * progress


def _saturated(step: float, steps: float, half: float) -> float:
    """Rise from 0 to 1 over the run, half-way at the fraction `half` of it."""
    if steps <= 0:
        return 1.0
    rate = log(2) / max(half, 1e-6)
    return (1 - exp(-rate * step / steps)) / (1 - exp(-rate))


# Shares of code reasoning at start and end, and the step where half of the way is done, of 150; after Shao et al. 2025.
_CODE_CURVES = {
    Family.LATENT: {
        Reward.GROUND_TRUTH: (0.65, 0.47, 40),
        Reward.MAJORITY: (0.65, 0.72, 20),
        Reward.FORMAT: (0.65, 0.93, 15),
        Reward.INCORRECT: (0.65, 0.86, 20),
        Reward.RANDOM: (0.65, 0.93, 60),
        Reward.PYTHON: (0.65, 0.99, 8),
        Reward.ONE_SHOT: (0.65, 0.80, 40),
        Reward.PSR: (0.65, 0.85, 30),
        Reward.NSR: (0.65, 0.70, 40),
    },
    Family.NONE: dict.fromkeys(Reward, (0.04, 0.04, 60)) | {Reward.PYTHON: (0.04, 0.60, 60)},
}
_PEAKS = {(Family.LATENT, Reward.GROUND_TRUTH): 0.85}
_REFLECTION_CURVES = {
    "verification": (0.25, 0.40),
    "backtracking": (0.10, 0.06),
    "self_correction": (0.05, 0.05),
    "self_doubt": (0.12, 0.05),
    "confirmation": (0.20, 0.30),
}
_BASE_ACCURACY = {Family.LATENT: {True: 0.61, False: 0.28}, Family.NONE: {True: 0.15, False: 0.37}}
_LEARNED = {
    Family.LATENT: {
        Reward.GROUND_TRUTH: 1.6,
        Reward.MAJORITY: 1.5,
        Reward.ONE_SHOT: 1.2,
        Reward.PSR: 1.3,
        Reward.NSR: 1.3,
        Reward.FORMAT: 0.7,
        Reward.INCORRECT: 0.9,
        Reward.RANDOM: 0.5,
        Reward.PYTHON: 0.6,
    },
    Family.NONE: {Reward.GROUND_TRUTH: 0.6, Reward.MAJORITY: 0.6, Reward.PSR: 0.5, Reward.NSR: 0.4},
}
