"""Calls that bring files: the body goes to disk as it comes, and only after the caller was found out."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

from litestar import Request

from potluck.apis import params
from potluck.apis.errors import ApiError
from potluck.apis.params import Params, Upload
from potluck.media import quotas
from potluck.media.multipart_form import read_form
from potluck.media.storage import storage_of
from potluck.settings import Settings


async def read(request: Request[Any, Any, Any], stack: AsyncExitStack, settings: Settings) -> Params:
    """All parameters of a request that may bring files; these are on disk until `stack` is closed.

    Raises:
        ApiError: a file is too large (413), the form cannot be read (422).
    """
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() != "multipart/form-data":
        return await params.read(request)
    folder = storage_of(settings).local
    try:
        form = await stack.enter_async_context(read_form(kind, request.stream(), folder, most=quotas.largest(settings)))
    except quotas.TooLarge as error:
        raise ApiError(413, error.text) from error
    pairs: list[tuple[str, Any]] = [*form.fields]
    pairs += [(name, Upload(file.name, file.path)) for name, file in form.sent]
    return Params({**params.of_query(request.scope["query_string"]).values, **params.tree(pairs)})
