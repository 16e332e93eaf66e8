"""The training of the shipped knowledge, importable by another process."""

from app.commands.matching import training_material
from app.matching.confidence import Weights
from app.matching.training import train
from app.settings import Settings


def train_anew() -> Weights:
    return train(training_material(Settings(mode="demo")))
