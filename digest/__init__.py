"""
Trending papers by mail: fetch -> rank -> match -> render -> deliver.

Read `digest.pipeline` first; it is the service on one page.
"""
