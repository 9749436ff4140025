"""Translations of statuses by the service the operator named, if any."""

from __future__ import annotations

import msgspec

from potluck.apis.mastodon.endpoint import Answer, Call, answer, endpoint
from potluck.apis.mastodon.errors import ApiError
from potluck.apis.mastodon.statuses import view_of
from potluck.federation.errors import FederationError
from potluck.federation.translating import Translator
from potluck.social.fading import FadingCache
from potluck.social.views import ObjectView
from potluck.text.languages import languages, normalise_language
from potluck.text.sanitise import sanitise_html, to_plain_text

_kept: FadingCache[tuple[int, int, str], bytes] = FadingCache(most=1000, seconds=86400)


def forget() -> None:
    """Translate anew (tests)."""
    _kept.clear()


def _texts(view: ObjectView) -> list[str]:
    """Everything of a status that is translated: content, warning, options, descriptions; in this order."""
    poll = getattr(view.kind_data, "poll", None)
    return [view.object.content, view.object.summary, *(title for title, _ in (poll.options if poll else ())),
            *(item.description for item in view.media)]


@endpoint("POST", "/api/v1/statuses/{id:str}/translate", scope="read:statuses")
async def translate(call: Call) -> Answer:
    """A status in another language (`lang`, else one's own)."""
    translator = Translator(call.settings)
    if not translator.enabled:
        raise ApiError(403, "This action is not allowed")
    view = await view_of(await call.reader(), call.ident(), call.viewer_id)
    if view.object.visibility not in ("public", "unlisted"):
        raise ApiError(403, "This action is not allowed")
    target = normalise_language(call.params.text("lang") or call.user.locale) or "en"
    key = (view.object.id, view.object.version, target)
    found = _kept.get(key)
    if found is None:
        await call.stop_reading()
        try:
            texts, source = await translator.translate(_texts(view), view.object.language, target)
        except FederationError as error:
            raise ApiError(503, "Remote data could not be fetched") from error
        found = _entity(view, texts, source, target, translator.provider)
        _kept.put(key, found)
    return Answer(found)


def _entity(view: ObjectView, texts: list[str], source: str, target: str, provider: str) -> bytes:
    """Translation. What a service gives back is a stranger's: its HTML is cleaned, everything else is plain text."""
    poll = getattr(view.kind_data, "poll", None)
    options = len(poll.options) if poll else 0
    plain = [to_plain_text(text) for text in texts[1:]]
    return msgspec.json.encode({
        "content": sanitise_html(texts[0]), "spoiler_text": plain[0], "language": target,
        "media_attachments": [{"id": str(item.id), "description": text}
                              for item, text in zip(view.media, plain[1 + options:], strict=True)],
        "poll": {"id": str(view.object.id), "options": [{"title": text} for text in plain[1:1 + options]]}
        if poll else None,
        "detected_source_language": source, "provider": provider})


@endpoint("GET", "/api/v1/instance/translation_languages")
async def translation_languages(call: Call) -> Answer:
    """Into which languages each language can be translated."""
    translator = Translator(call.settings)
    if not translator.enabled:
        return answer({})
    try:
        return answer(await translator.languages())
    except FederationError as error:
        raise ApiError(503, "Remote data could not be fetched") from error


@endpoint("GET", "/api/v1/instance/languages")
async def all_languages(_: Call) -> Answer:
    """Languages that posts can be in."""
    return answer([{"code": item.tag, "name": item.name} for item in languages()])


route_handlers = [translate, translation_languages, all_languages]
