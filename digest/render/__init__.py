"""Picks and links become mails: MJML is compiled once, then Jinja fills it in for each reader."""

from digest.render.page import DigestPage, Footer, Group, Item, Rendered, Site
from digest.render.reasons import said
from digest.render.renderer import Renderer
from digest.render.templates import environment, templates_folder
from digest.render.timetables import schedule

__all__ = [
    "DigestPage",
    "Footer",
    "Group",
    "Item",
    "Rendered",
    "Renderer",
    "Site",
    "environment",
    "said",
    "schedule",
    "templates_folder",
]
