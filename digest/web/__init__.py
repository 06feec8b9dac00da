"""The pages: Flask, rendered on the server, complete without a script."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from digest import render
from digest.services import Services
from digest.web import (
    access,
    assets,
    confirming,
    feed,
    house,
    joining,
    leaving,
    limiting,
    outbox,
    papers,
    preferences,
    rating,
    refusals,
    searching,
    security,
    status,
    viewing,
    wording,
)
from digest.web.pages import Pages

_PARTS = (
    *(assets, house, status, papers, searching, feed, viewing),
    *(joining, confirming, preferences, rating, leaving),
)


def create_app(services: Services) -> Flask:
    """Return the WSGI application of the installation that *services* belong to."""
    app = Pages(__name__, template_folder=render.templates_folder() / "web", static_folder=None)
    app.extensions["services"] = services
    app.extensions["limits"] = limiting.limits(services.settings)
    _mend_addresses(app, services.settings.proxies)
    access.keep(app)
    security.protect(app, services.settings)
    refusals.answer(app)
    wording.teach(app, services.settings)
    for part in _PARTS:
        app.register_blueprint(part.blueprint)
    if services.settings.embedded:
        app.register_blueprint(outbox.blueprint)
    return app


def _mend_addresses(app: Flask, proxies: int) -> None:
    # Without proxies these headers are anybody's to write: a limit per IP would be none.
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
