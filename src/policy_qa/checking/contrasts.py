"""What excludes what in the language of policies: words that turn a true sentence into a false one.

Language, not policy: who recognised, what for each, whether it is a duty, a choice or forbidden, whether it
comes on top. All texts are in comparison form (text.fold, lower case); spans are half-open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

ContrastKind = Literal["party", "condition", "stacking", "unit"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Contrast:
    """Alternatives of which a thing is one: a sentence that says another one says another thing."""

    kind: ContrastKind
    alternatives: tuple[re.Pattern[str], ...]

    def found(self, text: str) -> dict[int, Span]:
        """The alternatives ``text`` says, each with where it says it first."""
        matches = ((number, pattern.search(text)) for number, pattern in enumerate(self.alternatives))
        return {number: match.span() for number, match in matches if match is not None}


def _contrast(kind: ContrastKind, *alternatives: str) -> Contrast:
    return Contrast(kind, tuple(re.compile(alternative) for alternative in alternatives))


CONTRASTS: tuple[Contrast, ...] = (
    _contrast(
        "party",
        "企业|公司",
        "(?:行业)?协会|商会|职工|员工|工人|个人(?!独资)|农户|个体户|合作社|事业单位|社会组织",
    ),
    _contrast("party", "工业企业", "服务业|商贸|建筑业|房地产|餐饮|零售|批发|农业企业"),
    _contrast("party", "(?<!中)(?:小微|小型)", "大型企业|大企业|中型企业|大中型"),
    _contrast("party", "国内(?!外)|中国(?!家)", "国外(?!企业)|境外(?!设)|海外(?!研)|涉外"),
    _contrast(
        "party",
        "高校|院所|大学|科研",
        "(?:向|从|跟|和|购买|买)(?:其他|别的|国外|外地|同行)?企业|(?:民营|国有|外资|其他|别的|国外|外地|同行|科技)企业的?(?:先进)?(?:技术|成果)",
    ),
    _contrast("party", "省股权|股权交易", "北交所|新三板|科创板|创业板|主板|深交所|上交所|港交所"),
    _contrast("party", "专精特新板", "科创专板|普通板|成长板|展示板"),
    _contrast("party", "担保机构", "小额贷款公司|典当行|银行(?:给予|获得)"),
    _contrast("party", "发明专利", "实用新型|外观设计|软件著作权|软著|商标注册|集成电路布图"),
    _contrast("condition", "全国技术合同网", "官网|"
        "(?:政府|政务|企业|公司|省|市)[^,。;]{0,4}(?:网站|网)(?!络)"),
    _contrast(
        "party", "国家级?[、和及]?省级?媒体|国家级媒体|省级媒体",
        "(?:市级?|县级?|区级?|地方|本地|网络|行业|自)媒体"
    ),
    _contrast("party", "央视|中央电视台", "(?:省|市|卫|地方|安徽)(?:电视台|视|台)"),
    _contrast(
        "condition",
        r"新认定|新评|刚评|刚认定",
        "复核|复评|(?:已|往年|以前|以前|去年|原)(?:经)?认定|再次认定",
    ),
    _contrast("condition", r"新增|升规|首次", "存量|历年|累计新增|原有的?(?:规上)|已有的?规上|老规上|退规"),
    _contrast("condition", "授权", "(?:已|刚)?申请(?:的|了|中)|受理|未授权|没授权|公开的|申报的"),
    _contrast("condition", "购买|采购|买", "出售|转让给|卖给|出让|租赁(?!.{0,3}厂)"),
    _contrast(
        "condition",
        "(?<!正在)(?<!拟)(?:认定|授权|登记|挂牌|入选)",
        "正在申报|申报中|自[行主荐](?:申报|推荐|认定)?|提出申请|(?:拟|待|等待|预备)认定|受理中|审核中",
    ),
    _contrast("party", "发达国家", "发展中国家|东南亚|非洲|国内(?!外)|省内|邻国|邻近"),
    _contrast("condition", "全职", "兼职|柔性|临时|短期|挂职|返聘|外聘"),
    _contrast(
        "condition",
        "实际支付|实付|支付额|付款|转账",
        "合同(?:签订|签约|约定|成交)?(?:的?总)?(?:金额|价款|总额|总价|价)|发票(?:金额|额)|约定(?:金额|价)|报价|标价|应付(?:款|额)",
    ),
    _contrast(
        "condition",
        "(?<!未)(?<!没)(?<!没有)入选",
        "未入选|没入选|没有入选|落选|申报即|申报(?:了)?的?企业|报名|参选|提名|候选",
    ),
    _contrast(
        "condition",
        "(?:标准|工业)?厂房",
        "写字楼|商铺|门面|办公(?:楼|室|用房)|仓库|住宅|公寓",
    ),
    _contrast(
        "condition",
        "租用|承租|租标|租厂",
        "购买(?:标准)?(?:工业)?厂房|自建(?:标准)?(?:工业)?厂房|买厂房",
    ),
    _contrast(
        "condition",
        "(?<!未)(?<!没)登记完成|(?<!未)登记",
        "未登记|没登记|没有登记|未经登记|备案|公告|公示|(?:发布|提交|填报|上传)(?:信息|申请|资料)",
    ),
    _contrast(
        "condition",
        "在淮|淮南|本市|我市|本地",
        "外地|外省|在省外|市外|省外|异地|在合肥|全省范围|省内任何|在省内|在全国各地",
    ),
    _contrast("condition", "流动资金", "固定资产贷款|设备贷款|项目贷款|技改贷款|厂房贷款|住房贷款"),
    _contrast("condition", "专利权?质押", "(?:商标权?|股权|设备|应收账款|存货|土地|房产)质押"),
    _contrast("condition", "质押", "信用贷款|抵押贷款"),
    _contrast("condition", "取消反担保", "(?:提供|增加|要求|设置|落实)反担保"),
    _contrast(
        "condition",
        "降低|降费|减税|下调|减少|少交",
        "提高(?:用|工|企|担|税)|上调|涨价|增加(?:企业)?(?:成本|负担)",
    ),
    _contrast("condition", "提高|提升", "降低(?:抵|供|质|信)|下调"),
    _contrast("condition", "扩大", "缩小|压缩|收紧"),
    _contrast("condition", "鼓励|支持|允许|引导|推动", "限制(?!$)|禁止|严禁|不鼓励|不允许|不支持|叫停"),
    _contrast("condition", "优先", "靠后|最后安排|不优先|末位"),
    _contrast("condition", "税前列支|税前扣除", "税后列支|税后扣除"),
    _contrast("condition", "价格(?:按规定)?(?:给予)?扣除|扣除", "价格(?:给予)?(?:上浮|加价)|加成|上浮"),
    _contrast("condition", "非专门面向", "(?<!非)专门面向"),
    _contrast(
        "unit",
        "一次性",
        r"分(?:两|三|四|五|几|2|3|4|5)(?:年|期|次|批)|逐年|每年(?:都)?(?:给|奖|补|发|再)"
        r"|每年(?=[,。;]|$)|按年|连续(?:两|三|五|几|2|3|5)年",
    ),
    _contrast("unit", "按月", "按年|按季|按学期|一次性"),
    _contrast("unit", "每年", "每月|每季度|每两年|每三年|每五年"),
)  # fmt: skip

AIM = re.compile("争创|争取(?:认定|评上|创)")
"""What is striven for is no support: 「争创一批省级智能工厂」 beside the award for those of the city."""

_LEVEL = r"(?:国家级?|省级?|市级?|县区?级|区级)"
NAMED_LEVEL = re.compile(
    r"(?P<level>国家|省|市|县区?|区)(?:级|(?=[“\"「]?$)|(?=认定|新认定|评定))(?:新?认定|评定)?的?(?:专精特新|制造业|新认定的?)?[“\"「]?$"
)
"""A level right before a thing: 「市级“小巨人”」."""
_LEVELLED = re.compile(
    rf"(?<![个多几各本到全])(?P<levels>{_LEVEL}(?:[、和及或与]{_LEVEL})*)(?:里|局|厅)?(?:新)?(?:认定|评定)?的?[“\"「]?(?P<head>[一-鿿]{{2}})"
)


AWARDING = re.compile(
    r"(?:给予|享受|获得)?(?:一次性|资金|财政|政府|费用)?(?:奖励|奖补|补助|补贴|资助|奖金|奖|补|支持|扶持|政策|金额|数额|额度)"
    r"|一次性|给予|标准|对象|符合|享受|规定|根据|按照?|企业|公司|可以|能够|进行|开展|实施|推动|进一步"
)
"""Words of granting: one stands for another."""


def levels(text: str) -> Iterator[tuple[str, Span, str]]:
    """Each level that ``text`` gives a thing, with where it stands and how the thing begins."""
    for match in _LEVELLED.finditer(text):
        for level in re.finditer(_LEVEL, match["levels"]):
            start = match.start() + level.start()
            yield level.group()[0], (start, start + len(level.group())), match["head"]


RECOGNISED = re.compile("级|里?认定|评定")
"""What follows a level that says whose recognition it is."""
RECKONED_BY = re.compile(
    r"按(?:每|一)?(?:份|个|件|人|次|年|月|季|台|项)?(?:合同|项目|年度?|月|人头|人数|次数?|台数|件数)[^,。]{0,3}(?:算|计|给|发|来|核)"
)

# ── on top of another award, or instead of it ───────────────────────────────────────────────────

ON_TOP = re.compile(r"基础上|之外(?:再|另)|以外(?:再|另)|叠加|另外再|再(?:给|奖|补|加|按|拿)|额外|双份")
STACKED = re.compile(
    r"(?:省|国家|上级|县|区)[^,。;]{0,8}(?:基础上|之外|以外)|叠加|额外(?:再)?(?:给|奖|补)|双份|另外再(?:给|奖|补)"
)
"""Clearer words of the same, where nothing printed says what 再 means."""
INSTEAD = re.compile(
    r"不[与和跟同][^,。;]{1,10}(?:重复|叠加|兼得|同享|同时)|不(?:再|可|能|得|予|可以|允许)?(?:重复|叠加|兼得|同时享受|同时|累计享受)|就高(?:不就低)?|择高|二选一|只能(?:拿|领|享受|选)一|从高(?![校等新])|不得兼"
    r"|(?:替代|取代|代替|冲抵|抵扣|包括|包含|含)(?:了)?(?:省|国家|上级)|扣(?:除|减)省|抵(?:扣|减)省|代替省|取代省|差额补|包含省|含省|"
    r"省里?(?:级)?(?:给|奖|补|拿)过?了?.{0,6}(?:市里?(?:级)?)?(?:就)?不(?:再)?(?:给|奖|补)"
)

TO_FIRMS = re.compile(
    r"(?:鼓励|引导|支持)(?:中小|本地)?企业|(?:给予?|对|(?<!定)向|为)[^,。;]{0,10}?(?:企业|公司)(?!做|办|提供|开展|担保|贷款)|(?:企业|公司|我们|我司)[^,。;]{0,6}(?:获得|享受|拿|领|得到)"
    r"|(?:拿|领|享受|获得)[^,。;]{0,12}的是[^,。;]{0,8}(?:企业|公司)"
)
"""Words that make enterprises the ones who receive."""

# ── duty and choice ─────────────────────────────────────────────────────────────────────────────

DUTY = re.compile(
    r"确保|(?:(?<=^)|(?<=[,。;:]))(?:强制|一律)?要求(?=[一-鿿])|(?:政策|规定|文件)[是有]?要求(?:的|$)|必须|务必|一律|强制|应当|应该|有义务|硬性|一定(?:要|得|能|会|给|可以)|必然|肯定(?:能|会|给|可以)|保证(?!金|机构|保险)"
    r"|百分(?:之)?百|无条件|责令"
)
PRINTED_DUTY = re.compile(
    r"确保|应当|必须|不得|(?<![响适反供对相])应(?=对|给|将|按|把|在)|要(?=建立|全面|及时)"
)
CHOICE = re.compile(
    r"可以(?!可)|可(?=不|按|自|根|视|酌|对|在|选|将)|鼓励|酌情|自愿|视情|允许|不必|无需|不用|不强制"
)
PRINTED_CHOICE = re.compile(r"可以|可(?!持|接|靠|行|独)|鼓励|支持|引导|允许|推动|自主|力争|争创")

# ── negation ────────────────────────────────────────────────────────────────────────────────────

NOT_GRANTED = re.compile(
    r"不(?:予以?|给|能(?!超)|可(?!或缺)以?|得(?!超过|低于|高于|少于|多于)|准|许|会|再|享受|奖|补(?!充)|贴|支持|资助|优先|安排|纳入|推荐|鼓励|开展"
    r"|组织|建立|参[加与]|落实|提供|推动|引导|减免|认定|办理|列支|受理|允许|实施|扶持|发放?|举办|设|给予)"
    r"|无(?:补助|优惠|奖励|奖补|补贴|资助)|没有?[^,。;写说定明]{1,6}(?:补助|奖励|补贴|资助|奖补|优惠)(?!(?:标准|金额|比例|的?(?:具体|上限)))"
    r"|(?:补助|奖补|奖励|补贴|资助|政策|优惠|支持|贴息)(?:现在|目前|今年)?(?:已经?|全部|都)?(?:被)?(?:取消|停止|暂停|停发|停了|没有了|作废|终止|不发|不再)"
    r"|(?:拒绝|停止|暂停|取消|禁止|严禁|无法|别想|甭想|没有?|未能?)(?:对|给|再)?(?:企业)?(?:奖|补(?!充)|给予|资助|支持|扶持|鼓励|享受|贴息|优惠|认定|纳入|拿|领)"
)
"""Words that take a support away; whether the passage forbids the same thing, the comparison has to see."""
ENDED = re.compile(
    r"停止|停办|停发|暂缓|暂停|放弃|取消|废除|废止|终止|中止|移出|退出|叫停|撤销|弱化|放缓|削弱|削减|放任|减少(?![^,。;]{0,6}(?:成本|负担|费用|支出|税))"
)
"""Verbs that end what a passage promotes."""
DENIED_VERB = re.compile(r"不(?:再|会|能|可以)?(?P<verb>[一-鿿]{2})|不(?P<short>[应补奖给])(?![一-鿿]?[该])")
"""「不坚持」, which a passage that prints 坚持 contradicts."""
SILENCE = (
    r"(?:没有?|并?未|尚未)(?:明确|写明|写出|写|规定|说明|列明|列出|提及|提到|公布|注明|载明|限定|说|定|讲|印)"
)
ASIDE = re.compile(
    rf"[^,。;:]{{1,10}}(?:不算|不在(?:这|此|内|其)|不属于|不适用|不包括|除外)|不(?:给|补|奖)(?![奖补予])[^,。;\d]{{1,8}}[,、]?(?=而是|只给|(?<=[,、])(?:给|补|奖))|(?:多|超)[了出过]?的?(?:部分)?(?:就|也)?不再?(?:补|奖|给|算)|(?:不是|并非|而非|而不是|不算|不按|不看|别按)[^,。;!?]*|[^,。;!?:]*{SILENCE}[^,。;!?]*"
)
"""A phrase that says what is not so, or that the document is silent: no statement of the support."""
FORBIDS = re.compile(r"不得|不受|取消|禁止|不可|严禁")
NEGATIVE = re.compile(
    r"不(?!动产|合理|对称|足|仅|但|断|超|低|少|同|论|管|限)|没|未|无(?!形|线)|免|非|别|取消|禁|破除|打破|摆脱|杜绝|防止|放开|放宽|甭"
)
GIVES = re.compile(r"给予|资助|奖补|奖励|补助|贴息|支持|鼓励|可以|允许|推动|纳入|优先|安排|建立")
REQUIRED = re.compile(r"登记|转化|产业化|在淮|认定|授权|入选|挂牌|凭证|实际支付|质押|全职|专精特新")
"""Words of requirements: what a claim may wrongly say is not needed."""
WAIVED = re.compile(
    r"不需要?|无需|无须|不用|不必(?:要)?|不要求|不管|不论|无论|免于?|哪怕没有?|即使没有?"
    r"|(?<![是并])非(?!专门)|(?:没有?|未)(?=登记|入选|认定|授权|转化|挂牌|支付|产业化|全职|质押)"
)


def waivers(text: str) -> Iterator[tuple[Span, str]]:
    """Each waiver of a requirement with the words it waives, to the end of its phrase."""
    for match in WAIVED.finditer(text):
        rest = re.split(r"[,。;!?、:]|也|都|就|照样|即可|的(?=也|都)", text[match.end() : match.end() + 16])[
            0
        ]
        yield match.span(), rest


# ── what a policy may be silent on ──────────────────────────────────────────────────────────────

SILENT: dict[str, re.Pattern[str]] = {
    "deadline": re.compile(
        r"截止|截至.{0,8}(?:申报|申请|受理)|(?:日|月|月底|年底|季度末?)(?:之?前|以前)(?:申|报|提|办|交|完成|递)|(?:申报|申请|受理)(?:时间|期限|窗口期)|逾期|工作日"
    ),
    "paid_out": re.compile(
        r"到账|到帐|拨付到位|拨付至|打到(?:公司|企业|账)|年内(?:拨付|兑现|发放|付清)|兑现(?:期|时限)"
    ),
    "materials": re.compile(
        r"(?<![新复先])材料(?!技术|产业|研)|申请书|申报表|(?:提交|提供|出具|携带|准备).{0,8}(?:证明|报告|执照|复印件|资料|报表|凭据)|营业执照|审计报告|盖章"
    ),
    "process": re.compile(
        r"网上(?:申报|办理|提交)|在线(?:申报|申请)|申报(?:系统|平台|流程|程序|通道)|窗口(?:办|提|申|受)|(?:电话|热线)(?:是|为|:|\d)|免申即享|公示(?:期|后|无)|即报即"
    ),
    "validity": re.compile(
        r"有效期|(?:起|开始|正式)(?:施行|实施|执行|生效)|(?:施行|实施|执行)(?:期|至|到)|废止|失效|已(?:经)?(?:正式)?(?:印发|生效|实施|发布)"
    ),
    "conditions": re.compile(
        r"(?:营业?收入?|营收|产值|销售额?|利润|税收|纳税|研发(?:投入|费用)|员工|职工|注册资本?|成立|社保)[^,。;]{0,10}(?:以上|超过|达到?|不低于|满|不少于|超)"
    ),
    "clawback": re.compile(r"退回|退还|追回|收回奖|返还奖|罚款|滞纳金"),
}
"""What claims say of a support that many policies do not print; each is looked for in the clause too."""
