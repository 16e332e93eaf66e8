"""The knowledge of all peers: three keywords, three sentences."""

ANSWERS = {
    "退款": "会员退款请在“我的—订单”里申请，三个工作日内原路退回。",
    "更新": "本剧每晚八点更新两集，以当天节目单为准。",
    "卡顿": "请先降低清晰度或换一个网络，仍然卡顿请回复“人工”。",
}
OTHERWISE = "已经为您转接客服，请稍候。"


def look_up(question: str) -> str:
    return next((answer for keyword, answer in ANSWERS.items() if keyword in question), OTHERWISE)
