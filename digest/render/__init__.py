"""Picks and links become mails: MJML is compiled once, then Jinja; digests keep fragments."""

from digest.render.fragments import MOST_PAPERS, Fragments
from digest.render.page import DigestPage, Footer, Group, Item, Rendered, Site
from digest.render.pieces import Groups, Occasion, Person, Written
from digest.render.reasons import said
from digest.render.renderer import Renderer
from digest.render.templates import environment, templates_folder
from digest.render.timetables import schedule

__all__ = [
    "MOST_PAPERS",
    "DigestPage",
    "Footer",
    "Fragments",
    "Group",
    "Groups",
    "Item",
    "Occasion",
    "Person",
    "Rendered",
    "Renderer",
    "Site",
    "Written",
    "environment",
    "said",
    "schedule",
    "templates_folder",
]
