"""The key of the doors for programs: whether a request may come in by one."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers

NO_KEY = "访问密钥不对或者没有写，请在请求头里写上 Authorization: Bearer 加管理员给的密钥。"


def admitted(headers: Headers, key: str | None) -> bool:
    """Whether the headers carry ``key`` as a bearer token; without a key everybody is admitted.

    The comparison takes as long for a wrong key as for a right one.
    """
    if key is None:
        return True
    scheme, _, given = headers.get("authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), key.encode())
