"""The pages: Flask, rendered on the server, complete without a script."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from digest import language, render
from digest.services import Services
from digest.web import (
    access,
    admin,
    api,
    asking,
    assets,
    confirming,
    digests,
    feed,
    hooks,
    house,
    joining,
    leaving,
    limiting,
    metrics,
    moving,
    outbox,
    owning,
    papers,
    preferences,
    rating,
    refusals,
    searching,
    security,
    shelf,
    speech,
    status,
    viewing,
    wording,
)
from digest.web.pages import Pages

_PARTS = (
    *(assets, house, status, papers, searching, feed, viewing),
    *(joining, confirming, preferences, rating, moving, owning, leaving, hooks),
    *(digests, api),
)


def create_app(services: Services) -> Flask:
    """
    Return the WSGI application of the installation that *services* belong to.

    Raises:
        BadSettings: a file that the settings name cannot be read.

    """
    app = Pages(__name__, template_folder=render.templates_folder() / "web", static_folder=None)
    app.extensions["services"] = services
    app.extensions["limits"] = limiting.limits(services.settings)
    app.extensions["disposable_domains"] = asking.disposable_domains(services.settings)
    _mend_addresses(app, services.settings.proxies)
    access.keep(app)
    security.protect(app, services.settings)
    refusals.answer(app)
    language.teach(app.jinja_env)
    speech.teach(app)
    wording.teach(app, services.settings)
    shelf.install(app, services.settings)
    for part in _PARTS:
        app.register_blueprint(part.blueprint)
    if services.settings.admin_token:
        app.register_blueprint(admin.blueprint)
        app.register_blueprint(metrics.blueprint)
    if services.settings.embedded:
        app.register_blueprint(outbox.blueprint)
    return app


def _mend_addresses(app: Flask, proxies: int) -> None:
    # Without proxies these headers are anybody's to write: a limit per IP would be none.
    if proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies
        )
