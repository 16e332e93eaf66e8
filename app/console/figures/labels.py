"""Words of figures for what the code names, besides those of tickets."""

from collections.abc import Mapping
from typing import Final

from app.console.catalogue import marked
from app.tickets.models import Metric

METRICS: Final[Mapping[Metric, str]] = {
    Metric.first_response: marked("首次答复"), Metric.next_response: marked("再次答复"),
    Metric.resolution: marked("解决"), Metric.promise: marked("答应观众的时间"),
}  # fmt: skip
