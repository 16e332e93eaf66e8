"""Why somebody cannot do what he wants with a conversation, in a sentence for him."""

from app.errors import AppError, NotFound


class ConversationNotFound(NotFound):
    message = "没有这个会话"


class ConversationTaken(AppError):
    """``name``: who has it."""

    status_code, message = 409, "会话已由{name}接入"

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.name = name


class ConversationClosed(AppError):
    status_code, message = 409, "会话已经结束"


class NotYours(AppError):
    status_code, message = 409, "这个会话不由您接待，请先接入"


class CannotTake(AppError):
    status_code, message = 409, "这位同事不能接待会话，请换一位"


class NobodyNamed(AppError):
    status_code, message = 422, "请选择转给谁：一位同事、一个小组或一项技能"


class NewerConversation(AppError):
    """``conversation_id``: the viewer's newest one."""

    status_code, message = 409, "这位观众已经有更新的会话，请到那里继续"

    def __init__(self, conversation_id: int) -> None:
        super().__init__()
        self.conversation_id = conversation_id


class StillOpen(AppError):
    status_code, message = 409, "会话没有结束，不用重新打开"


class WrongTime(AppError):
    status_code, message = 422, "请选一个将来的时间，最晚 90 天后"


class WrongPriority(AppError):
    status_code, message = 422, "优先级只有普通、优先和紧急三档"
