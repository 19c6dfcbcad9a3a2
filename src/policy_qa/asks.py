"""What a question wants to know, read off its words of asking: Chinese and English, of no policy."""

from __future__ import annotations

import re
from enum import StrEnum


class Ask(StrEnum):
    """What a question wants to know; several may hold."""

    AMOUNT = "amount"
    RATE = "rate"
    CAP = "cap"
    REVERSE = "reverse"
    DEADLINE = "deadline"
    MATERIALS = "materials"
    PROCESS = "process"
    CONDITIONS = "conditions"
    PREVIOUS = "previous"
    VALIDITY = "validity"
    STACKING = "stacking"
    CONTACT = "contact"
    DUTIES = "duties"
    LIST = "list"
    TEXT = "text"
    HEADCOUNT = "headcount"
    ORIGIN = "origin"
    PERIOD = "period"
    AWARD = "award"
    EXISTENCE = "existence"
    VERDICT = "verdict"


MONEY_ASKS = frozenset({Ask.AMOUNT, Ask.RATE, Ask.CAP, Ask.AWARD})
"""The asks that only a support of money answers."""

STRICT_ASKS = MONEY_ASKS | {Ask.EXISTENCE, Ask.PROCESS, Ask.MATERIALS, Ask.DEADLINE}
"""The asks that name a thing to be had: it must be a thing that a clause holds."""

_SUM = r"(\d[\d,.]*|[一二两三四五六七八九十百千]+)(万|亿|千|百|元|k|w|块)"
"""A sum of money, as far as an aim needs it."""

_PATTERNS: dict[Ask, tuple[str, ...]] = {
    Ask.REVERSE: (
        r"反推|倒推|倒算|反算",
        r"(拿满|吃满|拿足|补满|到顶|到头|顶格|封顶|上限|最高(额|档)?|满额|maximum|the cap).{0,16}"
        r"(得|要|需|须|需要|must|have to).{0,10}(付|花|支付|投|多少|几|pay)",
        r"(得|要|需|需要|至少|最少|must|have to).{0,8}(付|花|支付|投|授权|评|买|转).{0,6}(多少|几).{0,12}"
        r"(才|就)?(能|可以|够)?.{0,6}(拿满|吃满|补满|封顶|到顶|上限)",
        r"(付|花|支付|投|买).{0,5}(多少|几).{0,10}(才能|才可以|才够|才算|就能|就够|能|就)(拿|补|得|获|达|到|顶|封|满)",
        r"(付|花|支付|投)到(多少|几).{0,12}(封顶|到顶|顶格|满|不(再|多|加))",
        rf"(想|若|如果|为了|凑|要让|目标|希望|要拿|要想|要获|要补|要得|才能|先拿).{{0,24}}{_SUM}.{{0,24}}"
        r"(付|花|投|打给|推广费|支付|实付|转给|转账|授权|需要|要|得|应).{0,12}(多少|几)",
        rf"(付|花|投|打给|推广费|支付|实付|转给).{{0,10}}(多少|几).{{0,16}}(才|就|能|可以|以便|好).{{0,8}}(拿|补|得|到).{{0,4}}{_SUM}",
        rf"{_SUM}.{{0,14}}(要|需|需要|得|应).{{0,12}}(多少|几)(件|项|个|款)",
        rf"(多少|几)(件|项|个|款).{{0,14}}(够|凑|到|拿|得|能).{{0,6}}{_SUM}",
        rf"(补助|补贴|资助|奖补)(若|如|要|想|目标)?(为|是|达|到|拿)?{_SUM}"
        r".{0,16}(则|那|，|,).{0,16}(多少|几|为|是)",
        r"(多少|几)(个|件|项|款).{0,10}(到头|到顶|封顶|拿满|吃满|才够|才能|就满)",
        r"how much (must|do|should|would|need|have to|have) (we|i|you|to).{0,24}(pay|spend)",
        r"(what|how (much|many)).{0,80}(need|take|must|have to).{0,60}(to (get|receive|reach|"
        r"obtain)|so that)",
        r"(付|花|投).{0,4}到几时.{0,8}(顶格|封顶|到顶)",
    ),
    Ask.AMOUNT: (
        r"(多少|几个)(钱|元|块|奖|补|资助|万|奖金|费)|几(百|十)?(万|千|块|元)|几多|几何|多大(力度|额)",
        r"多少(?!营业额|营收|产值|收入|户|家|名|人|个国家|国家|个(?!钱)|件|天|年|条|项|比例|百分)|什么(数|标准|价)|天花板",
        r"(金额|额度|数额|标准|力度|补助额|奖补额|资助额|总额|总数)(是|有|怎么|如何|咋|为|呢|$|？|\?)",
        r"给几|补几(?!成|个点)|奖几|怎么(补|奖|算|给|资助)|咋(算|补|奖|给)|(求算|算下|算算|算一下|帮忙算|测算)",
        r"合计|总账|共计|一共|总共|加起来|合起来|全部加|拢共|加一块|总数给",
        r"(补助|奖补|资助|奖励|补贴|奖)(额|金额)?[？?]$|(拿|补|领|得)回?几个",
        r"how (much|large|big)|what (is|one-off|award|subsidy|amount|reward).*(award|subsidy|amount|most)",
        r"what amount|what is .*reward|what reward",
        r"in total|altogether|total\?|what .{0,30}do we get",
        r"(subsidy|award|funding|reward)( amount)?\?|do we (receive|get)|minimum total|"
        r"would the subsidy be",
    ),
    Ask.RATE: (
        r"百分之(几|多少)|几成|几个点|几个百分|多少比例|多少个点|比例(是|为|多少|怎么|$|？|\?|，)|百分比",
        r"what (percent|rate|share)",
    ),
    Ask.CAP: (
        r"the most|最高|最多|顶多|至多|撑死|天花板|封顶|上限|顶格|不超过多少",
        r"at most|maximum|cap(?![a-z])|up to",
    ),
    Ask.DEADLINE: (
        r"how many days|截止|截至(什么|哪)|什么时(候|间)|啥时(候|间)?|何时|几月|几号|哪天",
        r"哪个月|多久|期限|多长时间",
        r"时间(点|节点|是|安排)|申报时间|到账|什么日期|deadline|when (is|can|do|will|should)|how long",
    ),
    Ask.MATERIALS: (
        r"(?<![原新复])材料|资料|票据|凭证要|哪些证|什么证明|需要(准备|提供|提交|带)|(准备|提供|提交|带|交)(什么|"
        r"哪些|啥)",
        r"填(什么|哪些)?表|附件要|documents|paperwork",
    ),
    Ask.PROCESS: (
        r"流程|步骤|跑法|盖(几个)?章|先.{1,10}还是先|手续怎么|怎么(申请|申报|办(?!$|\?|？|呢|啊|,)|报名|走|弄|领)|咋(申请|申报|办(?!$|\?|？|呢|啊|,)|报|走|弄|领)",
        r"如何(申请|申报|办理|领取)|去哪(里|儿|个网)?(申|办|报|领|填)",
        r"(在|到)(哪|什么地方)(里|儿)?(申|办|报|领|填)|哪个(网站|平台|系统|窗口)|网站|网址|(多久|何时)公示",
        r"how (do|can|to) (we |i )?apply|退(回|还)|要退",
    ),
    Ask.CONDITIONS: (
        r"(评选|认定|申报|申请|入选|评定)(的)?(条件|标准|要求|门槛)|门槛|(什么|哪些|啥).{0,4}(条件|要求|标准)",
        r"怎么(才)?(算|评|认定)|要多少(营业额|营收|产值|收入)|才算",
    ),
    Ask.PREVIOUS: (
        r"(去年|前年|上年|往年|以前|之前|早几年|前几年|过去|20\d\d年|老早|早就|"
        r"早先)(?!.{0,8}目标).{0,22}(算|能|可以|行|补|享|有|给|领|资助|奖|吗|不)",
        r"last year.{0,40}(count|qualif|still|eligible)|补领|追溯|补发|过期",
    ),
    Ask.VALIDITY: (
        r"有效期|什么时候(生效|实施|执行|施行)|何时(生效|实施|执行|施行)|执行到|失效|还有效|作废|生效|施行",
        r"是不是正式|正式(文件|发布|出台|印发)|valid(ity)?|in force",
    ),
    Ask.STACKING: (
        r"叠加|同时(享受|拿|领|申|获)|兼得|双份|拿两份|重复(享受|拿|领|补|奖)|都能(拿|领|享)",
        r"(和|跟|与)省(里|级).{0,8}(一起|一块)|省里.{0,12}(还|再|也)(能|给|可|有|拿|奖|补|领)|省(级)?奖.{0,12}(还|再|"
        r"市)|冲突|就高",
        r"又拿|还能再拿|both|on top of",
    ),
    Ask.CONTACT: (
        r"(找|问|联系|咨询)(谁|哪|什么人|什么部门|哪个|哪家|哪些部门)",
        r"哪(个|些|家|几家|几个)(部门|单位|局|机构|处|科室)|什么(部门|单位)|归(谁|哪|什么)",
        r"谁(管|负责|牵头|来管|来负责|受理|在管)|负责(部门|单位|人)|责任(部门|单位)|主管(部门|单位)|电话",
        r"联系方式|(谁|哪[一-鿿]{0,4}|部门|单位)牵头|牵头(部门|单位|的是)|由谁|由哪|找哪|哪里(管|负责)",
        r"who (is|should|do|can|handles)|which (department|bureau|office|agency)|whom",
    ),
    Ask.DUTIES: (
        r"管(什么|啥|哪些|些|的是|哪)|管事|负责(什么|啥|哪些|的(事项|工作|任务|条款|措施|有))|职责",
        r"干(什么|啥|嘛)|做(什么|啥)|承担|(参与|牵头)(什么|哪些|啥)|哪些(工作|事项|任务|条款|措施|"
        r"事)|什么角色",
        r"responsible for what|duties",
    ),
    Ask.LIST: (
        r"(够得上|对得上|能用|用得上|沾得上)(哪|什么|啥)",
        r"(能|可以|可|能够)?(享受|拿到?|申请|申报|领|得到|获得|用上)(到)?(什么|哪些|啥|多少项|几项|"
        r"些什么|些啥)",
        r"(有|给)(什么|哪些|啥)(样的)?(补贴|政策|奖励|扶持|支持|好处|优惠|补助|奖补|资助|钱|待遇)",
        r"都?(有|能)(哪些|啥|什么)(能|可以|可)?(拿|享|领|补|奖|用)|全部(加一起|加起来|政策)",
        r"所有(政策|补贴|奖励)|what (support|subsid|benefit|can we).*|哪些(资金|政策|补贴|奖励|扶持|支持)",
    ),
    Ask.TEXT: (
        r"原文|全文|内容|(讲|说|写|规定)(的|了)?(是)?(什么|啥)|(怎么|咋|如何)(写|说|讲|规定)|念|看看",
        r"查(一)?(下|看)?|给我(看|查)|show me|what does .* say|text of",
    ),
    Ask.HEADCOUNT: (
        r"(培育|目标|争创|力争|到20\d\d年|每年(为|组织)).{0,24}\d+(户|家|名)",
        r"\d+(户|家|名).{0,8}(企业|信贷|贷款|融资|学习).{0,20}(对吗|真的|是吗|吗|目标)",
        r"户数|家数|(培育|培养|认定|争创|争取|目标).{0,12}(几|多少|一两)(个|家|户|名)|(多少|几)(户|家|名|人(?!才))|\d+(户|家|名)",
        r"how many.{0,60}(enterprise|compan|firm|champion|giant|people|person)",
    ),
    Ask.ORIGIN: (
        r"(依据|根据|照着?|按照?)(什么|哪个|哪份|哪些|省里|上级).{0,6}(文件|政策)",
        r"(依据|根据)(什么|哪个|哪份).{0,4}(制定|出台|定的|写的|来的)|照着.{0,8}文件|based on",
        r"文号|哪(一)?级政府|谁(批准|同意)|经谁同意",
        r"(政策|意见|文件|办法)(是)?(为什么|为啥|为何|凭什么|依据|根据|的?(背景|目的|依据))",
        r"为(什么|啥|何)(要)?(出台|制定|出|发|搞|有)|(出台|制定|起草)(的)?(背景|目的|依据|原因)|为啥要出",
        r"谁(制定|发布|发|出台)(的)?|why was .* (policy|document)",
    ),
    Ask.PERIOD: (
        r"(每年|逐年|一年)(都)?(计算|重新|算|一次|能|可以|给|有)|累计(计算|算)|是一次性(的)?还是|年年",
    ),
    Ask.AWARD: (
        r"(拿|领|得|补|给)到?\d|奖|红包|赏|补(?!充|办|交|课|卡)|资助|贴(?!吧|纸)|报销|给报(?!道|告|名)|返还|减免|多少钱|几个钱|给钱|award|"
        r"subsid|reward",
        r"fund|grant|money",
    ),
    Ask.EXISTENCE: (
        r"有.{1,16}(的|方面的)?(政策|条款|规定|支持|补贴|奖励|奖补|资助|措施)(吗|么|没|不|\?|？|$)",
        r"(有没有|有无|是否有|有).{0,3}(关于|相关|涉及|针对).{1,30}(条款|政策|规定|措施|内容|支持)?",
        r"(条款|政策|规定|文件|这里|里头|里面)(里|中)?(有没有|有无|提没提|写没写|写到|提到)|.{1,20}(有没有|有无)(相关|对应|专门)?(的)?(条款|政策|规定|措施)",
        r"(给不给|认不认|免不免|补不补|贴不贴|奖不奖|报不报)|(去哪|到哪|在哪|找哪).{0,3}(批|认定|申请|备案)|资格",
        r"anything .{0,12}(on|about|for)|is there (a|any)|does (the policy|it) (cover|mention)",
    ),
    Ask.VERDICT: (
        r"吗|能不能|可不可以|行不行|有没有|算不算|是不是|是否|可否|能否|对不对|真的假的|有没|给不给|补不补",
        r"管不管|行不|可以不|给不|能不|不$|么$|吧|靠谱|^(is|are|does|do|can|will) ",
    ),
}

_COMPILED = tuple((ask, re.compile("|".join(alternatives))) for ask, alternatives in _PATTERNS.items())


def read_asks(text: str) -> frozenset[Ask]:
    """What a normal text asks for; several may hold, none for a bare topic."""
    return frozenset(ask for ask, pattern in _COMPILED if pattern.search(text))
