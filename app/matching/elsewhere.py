"""Words of questions that somebody else has to answer: other companies, offices, shops, doctors.

What makes a wrong answer look right is the same wish about a foreign thing: 物业费多少钱 reads like 会员多少钱.
A word counts only against a target none of whose phrasings holds it, so an operator lifts it with one similar question.
Words that viewers use about our own service (payment, phones, networks, parcels) do not belong here.
"""

import re

WORDS: dict[str, str] = {
    "offices": (
        "社保 医保 公积金 户口 居住证 房产证 结婚证 驾照 驾驶证 驾校 违章 护照 签证 营业执照 个税 报税 派出所 "
        "民政局 法院 律师 劳动仲裁 养老金 退休金"
    ),
    "travel": (
        "火车票 高铁票 车票 机票 航班 航空 飞机 机场 登机 候车 地铁站 公交车 打车 网约车 出租车 加油站 汽油 "
        "高速公路 停车 共享单车 民宿 景点 携程 飞猪 滴滴 高德 导航 12306"
    ),
    "money": (
        "花呗 借呗 贷款 房贷 车贷 股票 股价 基金 彩票 双色球 大乐透 汇率 存款 利息 银行卡丢 盗刷 保险公司 保单 比特币"
    ),
    "health": "医院 医生 挂号 门诊 血压 血糖 感冒 发烧 咳嗽 怀孕 疫苗 体检 牙疼 胃疼 过敏 吃药 药店 眼科 失眠",
    "home": (
        "物业 小区 业主 房东 租房 押金 装修 停水 停电 水费 电费 燃气 暖气 洗衣机 冰箱 空调 热水器 打印机 显卡 "
        "充电宝 碎屏 换屏 门锁 马桶 搬家 保洁 家政"
    ),
    "shops": (
        "外卖 奶茶 火锅 餐厅 饭店 菜谱 肯德基 麦当劳 星巴克 瑞幸 山姆 盒马 拼多多 闲鱼 唯品会 美团 饿了么 "
        "满减 快递柜 退货 裙子 尺码"
    ),
    "services": (
        "快手 抖音 小红书 知乎 豆瓣 网易云 酷狗 喜马拉雅 陌陌 钉钉 腾讯 百度 微软 steam 王者荣耀 原神 "
        "英雄联盟 和平精英 皮肤 手游 网游 话费 营业厅 10086 10010 健身房"
    ),
    "school": "作文 论文 期刊 作业 考研 高考 中考 四六级 期末 校园网 班长 班主任 幼儿园 奥数 选课",
    "life": "天气 气温 星座 身高 体重 失恋 相亲 狗粮 猫粮 口红 面试 简历 实习",
    "cars": "车里 车险 轮胎 4s店 电动车 充电桩 洗车 特斯拉 比亚迪",
}
"""By whose business it is; simplified lower-case words, separated by blanks."""

_WORD = re.compile("|".join(sorted(" ".join(WORDS.values()).split(), key=len, reverse=True)))


def words(text: str) -> list[str]:
    """The words of the table that stand in a normalised text."""
    return _WORD.findall(text)
