"""What the bot says by itself. Everything else it says stands in the knowledge."""

TICKET = "{ticket}"
"""Replaced by the ticket's number once it is known."""

CLARIFY = "想先确认一下，您要问的是哪一件？\n{options}\n回复数字就可以；都不是的话，请回复“都不是”。"
CLARIFY_OPEN = (
    "这句话我还没有完全明白，怕答错耽误您。您遇到的是哪方面的问题？\n"
    "1. 播放（卡顿、黑屏、字幕）\n2. 会员与付款\n3. 账号与登录\n"
    "也可以换个说法告诉我，或回复“人工”。"
)
OPEN_TOPICS = {
    "1": "好的，是播放方面。请告诉我看的是哪部作品、用的什么设备、屏幕上出现了什么，我马上查。",
    "2": "好的，是会员与付款方面。请告诉我是开通、续费、退款还是没有到账，我马上查。",
    "3": "好的，是账号与登录方面。请告诉我是登录不上、收不到验证码还是其他情况，我马上查。",
}
AGAIN = "请回复 1 到 {last} 中的一个数字，或者回复“都不是”。"

HANDED_OVER = "已经为您转接人工客服，{place}。您的问题记在工单 {ticket} 里，不用重复说明；可以继续补充，客服都会看到。"
HANDED_OVER_UNSURE = (
    "抱歉，这个问题我没有把握答对，已经为您转接人工客服，{place}。之前的对话都记在工单 {ticket} 里，不用重复说明。"
)
NEXT = "您是下一位"
PLACE = "前面还有 {count} 位"
MANY = "前面排队的人比较多（超过 {count} 位）"
STILL_WAITING = "您还在排队，{place}。您可以继续补充，客服接入后都会看到；不想等了请回复“取消排队”。"
NOT_WAITING = "您现在没有在排队。需要人工客服的话，请回复“人工”。"
ADDED = "已经补充到您的工单里，客服接入后会看到。不想等了请回复“取消排队”。"
LEFT_QUEUE = "好的，已经为您取消排队，问题仍然记在工单里。还有什么可以帮您？"

COMPLAINT = (
    "很抱歉让您有这样的感受。您的投诉已经登记，编号 {ticket}，{place}，"
    "人工客服会跟进到底。请告诉我发生了什么、您希望怎么处理，我会一并记下。"
)
PROGRESS = "您的工单 {numbers} 正在处理中，有结果会第一时间告诉您。需要补充请直接回复，想找人工请回复“人工”。"
NO_TICKET = "没有查到您名下未完成的工单。如果是在别的账号或电话里反馈的，请回复“人工”，我们帮您核对。"
UNSUBSCRIBED = "好的，不再给您推送节目和活动消息。您自己的工单、订单等服务通知仍会照常送达。"
NOTHING_MORE = "上面的内容已经全部发完了。还有什么可以帮您？"

STILL_BROKEN = (
    "抱歉，刚才的办法没有解决问题。已经为您转接人工客服，{place}，您试过的步骤记在工单 {ticket} 里，客服会接着往下查。"
)
PICTURE = "图片收到了，已经和这次对话存在一起。麻烦再用一句话说说遇到了什么问题；如果图上有错误码，请把它打出来。"
RECORDING = "您发来的内容收到了，已经和这次对话存在一起。麻烦再用文字说一句遇到了什么问题，我好马上查。"
VOICE = "语音收到了，已经存好。我暂时听不了语音，麻烦用文字说一下；不方便打字请回复“人工”。"
PLACE_SHARED = "位置收到了，已经和这次对话存在一起。请问您想咨询什么？"
LINK = "链接收到了，已经存好。请问是这个页面上的什么问题？"
EMPTY = "我在。请问您想咨询什么？直接说说遇到的情况就可以。"
WELCOME = (
    "您好，欢迎关注。我是观众服务助手，播放、会员、更新时间、活动和补偿的问题都可以直接问我；"
    "需要人工客服，随时回复“人工”。"
)
MORE = "\n（回复“继续”看下文）"


def place(ahead: int, *, most: int) -> str:
    """The viewer's place in the queue; ``most`` is where counting stops."""
    if ahead <= 0:
        return NEXT
    return PLACE.format(count=ahead) if ahead < most else MANY.format(count=most)
