"""The words that stand after a numeral, and the words for what each sum is paid for."""

from __future__ import annotations

import re
from decimal import Decimal


def _named(table: str) -> dict[str, str]:
    """``"a b=c"`` as {"a": "a", "b": "c"}: each word with what it is normalised to."""
    pairs = (entry.partition("=") for entry in table.split())
    return {word: name or word for word, _, name in pairs}


MONEY_UNITS = _named("""
    元 圆=元 块=元 块钱=元 元钱=元 元人民币=元 人民币=元 RMB=元 rmb=元 CNY=元 yuan=元
    美元 美金=美元 USD=美元 dollars=美元 港元 港币=港元 欧元 日元 英镑
""")
MEASURES = _named("""
    户 家 件 个 名 项 国 年 亩 人 次 台 套 辆 份 座 间 幢 栋 吨 克 升 米 天 日 周 期 批 届 种 类 条 篇 门
    位 支 场 处 所 只 部 本 张 例 笔 株 头 艘 架 岁 倍 分 轮 字 页 股 组 队 颗 箱 枚 盏 款 幅 层 环 村 点
    国家 个国家=国家 工作日 个工作日=工作日 自然日 个自然日=自然日 个月=月 季度 个季度=季度 周年=年 学年
    小时 分钟 平方米 平方=平方米 m2=平方米 m\0=平方米 平方公里 平方千米=平方公里 公里 千米=公里 公顷
    架次 吨公里
    立方米 m3=立方米 m\1=立方米 公斤=千克 千克 毫升 千瓦时 千瓦 兆瓦 课时 学时 周岁=岁 人次 人日 标箱
""")
TIMES = frozenset(("年", "月", "日", "天", "周", "小时", "分钟", "工作日", "自然日", "季度"))
ONE_WORDS = re.compile(
    "一(?:次性|定|些|批|起|下|共|律|般|样|并|体|直|旦|致|线|流|切|面|方|站|条龙|揽|门|网|件事|张网|票否|口气|把|会|边"
    "|点(?!五)|手|块(?!钱)|向|如|经|同|系列|类|种|级|部分|道|概|味|再|期|间|带|本|位难)"
)
AFTER_ONE = frozenset("同统唯任某单逐万专")
TURNS = frozenset("年次季月轮批届")
"""What makes 一 a part of a word: 同一项, 统一, 唯一."""
_OTHER_WORDS = frozenset(
    _named("""
    年级 年代 年轻 年龄 人工 人员 人社 人均 人才 家庭 国内 国外 国际 国有 条例 条件 分之 分别 分公 分析 天然
    日常 日报 本地 本市 本级 所得 所在 部分 部门 点评 点击 期间 期限 头部 层次 类似 位于 名称 名单 元旦 元素
    元宇 元器 元件 元锂 倍增 场所 次性 门类 门槛 块链 圆满 种植 种子 组织 组合 处理 处置 只能 只要 只有 字号
    件事 户籍 户均 套餐 支持 支付 支出 支撑 批次 台账 环境 村庄 米兰 升级 克服
    """)
)
"""Words that a measure word merely begins: 「4支持」 counts no 支."""
NOT_TENTHS = frozenset("果立长员功为本绩品熟交套人效就型年因语份")
CURRENCY = {"RMB": "元", "CNY": "元", "USD": "美元", "US": "美元"}
_UNITS_AND_TEENS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty
"""
WORD_NUMBERS = {word: Decimal(value) for value, word in enumerate(_UNITS_AND_TEENS.split())}
ENGLISH_SCALES = {"hundred": 100, "thousand": 1_000, "k": 1_000, "w": 10_000}
ENGLISH_SCALES |= {"million": 10**6, "mn": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9}
NOUNS = frozenset(
    _named("""
    patent country factory workshop product company enterprise invention year month item platform firm
    project award plant nation day person employee certificate title contract expert application piece
""")
)
STOP_WORDS = frozenset(
    _named("""
    of or and in to the a an is are for from with on at by that this which can one thing more if we i it per
""")
)
LETTERS = re.compile("[A-Za-z]+")
TENTH = Decimal("0.1")
HUNDREDTH = Decimal("0.01")
PERCENT = re.compile(" ?(?:percentage points?|percent|per cent|pct)")


def measure_at(view: str, at: int) -> tuple[str, int] | None:
    """The measure word that begins at ``at`` and where it ends, longest first."""
    for length in (4, 3, 2, 1):
        word = view[at : at + length]
        if len(word) == length and word in MEASURES:
            other = length == 1 and view[at : at + 2] in _OTHER_WORDS
            return None if other else (MEASURES[word], at + length)
    return None


def other_measure(view: str, at: int) -> bool:
    """Whether a measure word other than of money follows: it parts 「十万三户」."""
    return money_at(view, at) is None and measure_at(view, at) is not None


def money_at(view: str, at: int) -> tuple[str, int] | None:
    if view[at : at + 1] == " ":
        at += 1
    for length in (7, 4, 3, 2, 1):
        word = view[at : at + length]
        if len(word) == length and word in MONEY_UNITS:
            after = view[at + length : at + length + 1]
            if length == 1 and word + after in _OTHER_WORDS:
                return None
            if word[0].isascii() and after.isascii() and after.isalpha():
                return None
            return MONEY_UNITS[word], at + length
    return None


SINGLE_NOUNS = re.compile(
    "企业|项目|平台|园区|产品|单位|机构|主体|个人|品牌|基地|载体|合同|学生|团队|人才|村|镇|县|学校|楼宇|街道|展位|床位?"
    "|[生列](?=[每0-9补奖给最不])"
)


def per_word(text: str, at: int) -> tuple[str, int] | None:
    if (noun := SINGLE_NOUNS.match(text, at)) is not None:
        return noun[0], noun.end()
    if text[at : at + 1] == "月":
        return "月", at + 1
    for length in (4, 3, 2, 1):
        word = text[at : at + length]
        if len(word) == length and word in MEASURES:
            return _noun_counted(text, word, at + length)
    return None


def _noun_counted(text: str, measure: str, end: int) -> tuple[str, int]:
    """The party that 「个企业」 names, else the measure word itself."""
    noun = SINGLE_NOUNS.match(text, end) if measure == "个" else None
    return (noun[0], noun.end()) if noun else (MEASURES[measure], end)
