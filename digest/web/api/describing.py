"""Where the API describes itself."""

from typing import Any

from digest.web.api import openapi
from digest.web.api.operations import operation
from digest.web.pages import services


@operation("get", "/openapi.json", gives=dict, refuses=(400,), kept=True)
def describe() -> dict[str, Any]:
    """Describe the API."""
    settings = services().settings
    return openapi.document(settings.site_name, settings.base_url)
