"""The words of policy prose by which an amount is told: what is given, what is measured, what is a fund."""

from __future__ import annotations


def any_of(words: str) -> str:
    """A pattern for any of the words, which may be patterns themselves.

    >>> any_of("奖励 补贴")
    '(?:奖励|补贴)'
    """
    return f"(?:{'|'.join(words.split())})"


GIFT = any_of("""
    奖励 奖补 奖助 奖金 补助 补贴 资助 津贴 贴息 贴费 补偿 救助 慰问 扶持 支持 配套 返还 返补 减免
    安家费 安置费 助学金 奖学金 扶助 补足 优惠 补差 让利 消费券 抵用 抵扣 抵减 生活费
""")
"""What is paid: it stands right after an award, or before it."""

GIVING = any_of(rf"""
    {GIFT} 给予 予以 发放 发给 核拨 拨付 兑现 享受 申领 领取 鼓励(?=[0-9]) 减$ 奖(?![项牌状章杯])
    补(?![充齐办交缴正短])
""")
"""What governs the award after it."""

MEASURED = any_of("""
    每(?:新?增加?|实现|满|达|完成) 投资 投入 收入 营收 销售 产值 产出 税收 税金 纳税 缴税 税额 利税 贡献
    注册资[本金] 实缴 认缴 规模 资本 资产 融资 贷款 授信 担保 合同 交易 成交 成本 费用 采购 购置 薪酬
    报酬 年薪 薪金 工资 价格 单价 售价 票价 价值 保费 保额 估值 市值 出口 进口 进出口 到账 (?<!可)达到? 突破
    (?<![不得])超过? 满 增量 增幅 增速 持股 占 比重 利率 税率 存款 缴费 基数 货值 业务量 结算 营业 利润
    履约 入表 支出 (?<!不)低于
""")
"""What a recipient has or has to reach; the sum after it is a condition or a base."""

FUND = any_of("""
    基金 资金池 专项资金 引导资金 预算 罚款 罚金 处以 没收 债券 助保金 铺底 出资 募集 设立 每年安排
    统筹安排
""")
"""Money that is set aside or taken, not paid to anybody."""

RECIPIENT = any_of("""
    企业 单位 机构 个人 人才 平台 孵化器 经纪人 农户 人员 学生 团队 组织 主体 园区 中心 基地 高校 协会
    项目 毕业生 家庭 获奖者 投资人 合作社 医院 学校
""")
"""Who or what may be paid."""
