"""What a language model wrote, as the typed object it was asked for, or not at all."""

from __future__ import annotations

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from policy_qa.errors import ModelError

_Shape = TypeVar("_Shape", bound=BaseModel)


def read_reply(text: str, shape: type[_Shape]) -> _Shape:
    """The JSON object of a reply, before which models think aloud and which they fence.

    Raises ModelError for prose, for half an object and for one of another shape.
    """
    begin = text.rfind("</think>") + 1
    start, end = text.find("{", begin), text.rfind("}")
    try:
        return shape.model_validate_json(text[start : end + 1] if start >= 0 else "")
    except ValidationError as error:
        raise ModelError("语言模型的回复不是约定的格式，没有采用。") from error
