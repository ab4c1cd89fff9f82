"""The web application: every page readers meet, put together in one place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Mount, Router

from digest.app.parts import App
from digest.web.archive import Archive
from digest.web.assets import Serving
from digest.web.comparing import Comparing
from digest.web.confirming import Confirming
from digest.web.embedding import Embedding
from digest.web.feeds import Feeds
from digest.web.front import Front
from digest.web.guards import Guard, route
from digest.web.looks import picture_origin
from digest.web.moving import Moving
from digest.web.mydata import MyData
from digest.web.pages import Pages
from digest.web.preferring import Preferring
from digest.web.problems import Problems
from digest.web.robots import Robots
from digest.web.samples import Samples
from digest.web.subscribing import Subscribing
from digest.web.unsubscribing import Unsubscribing


def create_application(app: App) -> Starlette:
    """The pages for subscribing, confirming, choosing, leaving and reading, behind one guard."""
    pages = Pages(app.branding, app.settings.newsletter.pages, app.languages)
    problems = Problems(pages)
    guard = Middleware(
        Guard,
        secure=app.branding.base_url.startswith("https:"),
        page=problems.page,
        pictures=picture_origin(app.branding.theme.logo),
    )
    application = Starlette(
        routes=_routes(app, pages),
        middleware=[guard],
        exception_handlers=cast("Mapping[Any, Any]", problems.handlers()),
    )
    # Such a redirect would be built from the Host header, and one-click must not meet any (RFC 8058 §3.1).
    application.router.redirect_slashes = False
    return application


def _routes(app: App, pages: Pages) -> list[BaseRoute]:
    """The routes; where `base_url` has a path they answer below it as well, for proxies that leave it on."""
    front = Front(app, pages)
    parts = (
        front,
        Serving(pages.assets),
        Subscribing(app, pages),
        Embedding(pages),
        Samples(app, pages),
        Confirming(app, pages),
        Unsubscribing(app, pages),
        Preferring(app, pages),
        Moving(app, pages),
        MyData(app, pages),
        Archive(app, pages),
        Comparing(app, pages),
        Feeds(app),
        Robots(app),
    )
    routes: list[BaseRoute] = [one for part in parts for one in part.routes()]
    if not pages.root:
        return routes
    # Given the routes alone, the mount would make a router of its own, which redirects.
    below = Router(routes, redirect_slashes=False)
    # What mails call the newsletter's address has no slash at its end, without which nothing is below.
    return [*routes, route(pages.root, front.front), Mount(pages.root, app=below)]
