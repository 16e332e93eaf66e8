"""Expected failures: classes with a status and a sentence for people.

A rule raises one of these and never formats a response; the one handler that ``app/main.py`` adds renders it.
"""

from collections.abc import Mapping


class AppError(Exception):
    """A failure that the person who caused it can understand and act on.

    ``message`` is Simplified Chinese, shown as it is; ``status_code`` is the HTTP status of the same failure. Where a
    class's message holds names in braces, their ``values`` are given; ``template`` is what catalogues translate.
    """

    status_code = 400
    message = "请求无法处理"

    def __init__(self, message: str | None = None, **values: object) -> None:
        self.template: str = message or self.message
        self.values: Mapping[str, object] = values
        self.message = self.template.format(**values) if values else self.template
        super().__init__(self.message)


class NotFound(AppError):
    status_code, message = 404, "没有找到"


class ConfigurationError(Exception):
    """The service cannot start or a command cannot run as configured.

    Its text is one or two plain English sentences for the administrator: what is wrong and how to mend it.
    """
