"""The web application: every page readers meet, put together in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount

from digest.app.parts import App
from digest.web.archive import Archive
from digest.web.comparing import Comparing
from digest.web.confirming import Confirming
from digest.web.front import Front
from digest.web.guards import Guard
from digest.web.pages import Pages
from digest.web.preferring import Preferring
from digest.web.problems import Problems
from digest.web.samples import Samples
from digest.web.subscribing import Subscribing
from digest.web.unsubscribing import Unsubscribing


def create_application(app: App) -> Starlette:
    """The pages for subscribing, confirming, choosing, leaving and reading, behind one guard."""
    pages = Pages(app.branding, app.settings.newsletter.pages)
    application = Starlette(
        routes=_routes(app, pages),
        middleware=[Middleware(Guard, secure=app.branding.base_url.startswith("https:"))],
        exception_handlers=cast("Mapping[Any, Any]", Problems(pages).handlers()),
    )
    # Such a redirect would be built from the Host header, and one-click must not meet any (RFC 8058 §3.1).
    application.router.redirect_slashes = False
    return application


def _routes(app: App, pages: Pages) -> list[BaseRoute]:
    """The routes; where `base_url` has a path they answer below it as well, for proxies that leave it on."""
    parts = (
        Front(app, pages),
        Subscribing(app, pages),
        Samples(app, pages),
        Confirming(app, pages),
        Unsubscribing(app, pages),
        Preferring(app, pages),
        Archive(app, pages),
        Comparing(app, pages),
    )
    routes: list[BaseRoute] = [route for part in parts for route in part.routes()]
    return [*routes, Mount(pages.root, routes=routes)] if pages.root else routes
