"""The long work on the shipped knowledge, importable by another process."""

from app.commands.matching import training_material
from app.dialogue.judging import judge_brain
from app.matching.confidence import Weights
from app.matching.evaluation import Figures, figures
from app.matching.training import train
from app.settings import Settings
from tests.demo_knowledge import brain
from tests.eval import questions


def train_anew() -> Weights:
    return train(training_material(Settings(mode="demo")))


def judge(name: str) -> Figures:
    """How the questions of this name are treated."""
    return figures(judge_brain(brain(), getattr(questions, name)()))
