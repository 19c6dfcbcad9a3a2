# make run 与 make test 是全部要记住的；其余目标见 make help。
# 环境装在 .venv 里，pyproject.toml 或 constraints.txt 变了才重装；装好以后不再需要网络。

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT := out
INSTALLED := $(VENV)/.installed
QUESTION := 我们今年新评上国家专精特新小巨人，又授权了3件国内发明专利，一共能拿多少？

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help run test install index browser ruff format mypy layers pytest lint eval bench chaos wheel clean

define HELP
make run     建好环境和索引，在终端里回答一个真实的问题
make test    全部检查：代码规范、类型、分层、测试、条款数字核对、评测
make index   重建检索索引
make lint    核对规则与条文的数字
make eval    用评测题打分
make browser 装上浏览器测试用的 chromium（装不了就说明原因，测试会跳过）
make bench   全部测量的短跑，每项打印一张表，JSON 和图写入 $(OUT)；FULL=1 跑完整的（要几个小时）
make chaos   一边有人提问一边制造故障（杀进程、写满磁盘、改坏文件），数答错和丢失的；FULL=1 跑完整的
make wheel   打成可安装的包，放在 dist/
make clean   删去测试、测量与打包留下的文件（不动 .venv 和您的数据）
endef

define NEXT

接下来可以试试：
  $(BIN)/policy-qa ask "购买高校技术实际付了120万，能补多少？"
  $(BIN)/policy-qa ask "瞪羚企业认定奖多少？"
  $(BIN)/policy-qa clause 第13条
  $(BIN)/policy-qa search 贴息
  $(BIN)/policy-qa lint
  $(BIN)/policy-qa eval
  $(BIN)/policy-qa --help
endef
export HELP NEXT

help:
	@printf '%s\n' "$$HELP"

# ── 环境 ────────────────────────────────────────────────────────────────────────────────────────

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { echo '需要 Python 3.11 或更新的版本，而“$(PYTHON)”不是，请装好后用 make PYTHON=python3.12 这样的写法指定。' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo '“$(PYTHON)”缺少 venv 模块，建不了环境，请先装上它（Debian、Ubuntu 上是 python3-venv）。' >&2; exit 1; }
	@echo '── 建立环境 $(VENV)'
	@$(PYTHON) -m venv --clear $(VENV)

# torch goes first and through pip: pip takes a CPU build where its index or find-links offers one.
$(INSTALLED): pyproject.toml constraints.txt $(BIN)/python
	@echo '── 安装依赖（第一次需要几分钟）'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt uv \
	  && $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch \
	  && $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode $${PIP_FIND_LINKS:+--find-links "$$PIP_FIND_LINKS"} -c constraints.txt -e '.[dev]' \
	  && $(BIN)/python -m compileall -q src \
	  || { echo '依赖没有装全，请检查网络和 pip 的软件源设置，再运行一次同样的命令。' >&2; exit 1; }
	@touch $@

install: $(INSTALLED)

# ── 使用 ────────────────────────────────────────────────────────────────────────────────────────

run: index
	@echo '── 提问：$(QUESTION)'
	@$(BIN)/policy-qa ask '$(QUESTION)'
	@printf '%s\n' "$$NEXT"

index: $(INSTALLED)
	@echo '── 建立索引'
	@$(BIN)/policy-qa index

# ── 检查 ────────────────────────────────────────────────────────────────────────────────────────

# What is checked is this checkout with its defaults, in a home of its own: no user's data, no user's settings.
test ruff format mypy layers pytest lint eval bench chaos: export POLICY_QA_HOME := $(CURDIR)/$(OUT)/home
test ruff format mypy layers pytest lint eval bench chaos: export POLICY_QA_CORPUS :=
test ruff format mypy layers pytest lint eval bench chaos: export POLICY_QA_EMBEDDING :=
test ruff format mypy layers pytest lint eval bench chaos: export POLICY_QA_MODEL :=
test ruff format mypy layers pytest lint eval bench chaos: export POLICY_QA_CHROMA :=

test: ruff format mypy layers pytest lint eval
	@echo '── 全部通过'

ruff: $(INSTALLED)
	@echo '── ruff check'
	@$(BIN)/ruff check

format: $(INSTALLED)
	@echo '── ruff format --check'
	@$(BIN)/ruff format --check

mypy: $(INSTALLED)
	@echo '── mypy'
	@$(BIN)/mypy

layers: $(INSTALLED)
	@echo '── lint-imports'
	@$(BIN)/lint-imports --no-logo

# The browser tests drive Debian's chromium. Without it they are skipped, each with its reason.
browser:
	@mkdir -p $(OUT)
	@command -v chromium >/dev/null 2>&1 && exit 0; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    echo '── 安装浏览器测试用的 chromium'; \
	    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium fonts-wqy-microhei; }; \
	    { install || { apt-get update && install; }; } >$(OUT)/apt.log 2>&1 && exit 0; \
	  fi; \
	  echo '没有 chromium，浏览器测试会跳过；要运行它们，请先执行 apt-get install chromium fonts-wqy-microhei。'

pytest: $(INSTALLED) browser
	@echo '── pytest'
	@mkdir -p $(OUT)
	@$(BIN)/python -m pytest -n 2 --dist loadfile --junitxml=$(OUT)/junit.xml

lint: $(INSTALLED)
	@echo '── policy-qa lint'
	@$(BIN)/policy-qa lint

eval: $(INSTALLED)
	@echo '── policy-qa eval'
	@$(BIN)/policy-qa eval

# Each script stands alone; what a machine does not permit, or data that is not there, is skipped by name.
bench: $(INSTALLED)
	@$(BIN)/python -m bench.ask --out $(OUT)/bench.json
	@$(BIN)/python -m bench.load --out $(OUT)/load.json $(if $(FULL),,--seconds 20)
	@$(BIN)/python -m bench.embedding --out $(OUT)/embedding.json $(if $(FULL),,--short)
	@$(BIN)/python -m bench.statutes --out $(OUT)/statutes.json $(if $(FULL),,--lexical-only)
	@$(BIN)/python -m bench.scale --out $(OUT)/scale.json --sizes 1000 $(if $(FULL),10000 100000 1000000)
	@$(BIN)/python -m bench.peers --out $(OUT)/peers.json $(if $(FULL),,--short)
	@$(BIN)/python -m bench.hostile --out $(OUT)/hostile.json $(if $(FULL),--strings 100000,--strings 2000)

chaos: $(INSTALLED)
	@$(BIN)/python -m bench.chaos --out $(OUT)/chaos.json $(if $(FULL),--memory 100000,--short)

wheel: $(INSTALLED)
	@$(BIN)/python -m build --no-isolation --outdir dist

clean:
	@rm -rf $(OUT) dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
