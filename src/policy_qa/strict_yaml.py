"""YAML as the corpus is written: a duplicate key is refused, numbers that are money stay text.

The only module that knows PyYAML.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from policy_qa.errors import CorpusError

if TYPE_CHECKING:
    from yaml import SafeLoader as Loader
else:
    Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Model = TypeVar("Model", bound=BaseModel)

_REASONS = {
    "extra_forbidden": "没有这个键",
    "missing": "缺少这个键",
    "literal_error": "取值不在允许的范围内",
    "union_tag_invalid": "取值不在允许的范围内",
    "union_tag_not_found": "缺少 kind",
    "string_type": "应当是文字，数字和日期请加引号",
    "tuple_type": "应当是列表",
    "model_type": "应当是一组键和值",
    "model_attributes_type": "应当是一组键和值",
    "dict_type": "应当是一组键和值",
    "too_short": "至少要有一项",
    "string_too_short": "不能是空的",
    "date_type": "应当是日期，例如 2026-01-31",
    "date_from_datetime_parsing": "应当是日期，例如 2026-01-31",
}


class _StrictLoader(Loader):
    """PyYAML keeps the last of two equal keys in silence; a rule of money must not vanish so."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise yaml.constructor.ConstructorError(None, None, "键不能是列表或对象", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"键“{key}”写了两次", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> object:
    """The content of one YAML file; CorpusError names the file, the line and the mend."""
    name = f"{path.parent.name}/{path.name}"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = {FileNotFoundError: "文件不存在", UnicodeDecodeError: "不是 UTF-8 编码"}.get(
            type(error), "没有读取权限或者不是普通文件"
        )
        raise CorpusError(f"读不了“{name}”：{reason}，请检查语料文件夹。") from error
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> object:
    """The content of YAML text; CorpusError says what is wrong in which line of ``name``."""
    try:
        return yaml.load(text, Loader=_StrictLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        ours = isinstance(error, yaml.constructor.ConstructorError) and not error.context
        reason = (
            error.problem if ours and error.problem and not error.problem.isascii() else "不合 YAML 的格式"
        )
        raise CorpusError(f"“{name}”第 {line} 行写错了：{reason}，请改正后再试。") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: PyYAML builds dates itself, also 2026-13-01
        raise CorpusError(f"“{name}”不是可读的 YAML：含有不允许的字符、日期或嵌套，请改正后再试。") from error


def read_model(path: Path, model: type[Model]) -> Model:
    """One YAML file as a checked ``model``; an unknown or missing key is refused by name."""
    return checked(read_yaml(path), model, f"{path.parent.name}/{path.name}")


def checked(raw: object, model: type[Model], name: str) -> Model:
    """``raw`` as a checked ``model``; CorpusError says what is wrong where in ``name``."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = " → ".join(map(_place, first["loc"])) or "最外层"
        ours = first["type"] == "value_error"
        reason = (
            first["msg"].removeprefix("Value error, ") if ours else _REASONS.get(first["type"], "取值不对")
        )
        raise CorpusError(f"“{name}”的“{where}”不对：{reason}，请改正后再试。") from error


def _place(part: str | int) -> str:
    return part if isinstance(part, str) else f"第 {part + 1} 项"


def write_yaml(value: object, heading: str) -> str:
    """``value`` (dicts, lists, text, dates) as the text of a YAML file below the comment ``heading``.

    The keys keep their order; ``read_yaml`` reads the same value again.
    """
    body = yaml.dump(value, Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=_WIDTH)
    return "".join(f"# {line}\n" for line in heading.splitlines()) + body


class _PlainDumper(yaml.SafeDumper):
    """Writes a repeated value again instead of pointing to its first place: people read and edit the file."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 # PyYAML's own signature
        return True


_WIDTH = 110
