"""Really Simple Discovery: where editors find the calls, from the address of a page."""

from __future__ import annotations

from litestar import Response
from markupsafe import Markup

from potluck.handlers import get
from potluck.settings import current

_PAGE = Markup("""<?xml version="1.0" encoding="UTF-8"?>
<rsd version="1.0" xmlns="http://archipelago.phrasewise.com/rsd">
<service><engineName>Potluck</engineName><engineLink>{url}</engineLink><homePageLink>{url}</homePageLink>
<apis>
<api name="WordPress" blogID="1" preferred="false" apiLink="{url}/xmlrpc"/>
<api name="MetaWeblog" blogID="1" preferred="true" apiLink="{url}/xmlrpc"/>
<api name="Blogger" blogID="1" preferred="false" apiLink="{url}/xmlrpc"/>
</apis></service>
</rsd>
""")


@get("/rsd.xml")
async def rsd() -> Response[str]:
    """The document that `<link rel="EditURI">` of every page leads to."""
    return Response(str(_PAGE.format(url=current().url)), status_code=200,
                    media_type="application/rsd+xml; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})
