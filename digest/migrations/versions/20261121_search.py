"""
Create the index of the search.

Triggers keep it, so no way in which papers come in can forget it. It is no table of the models,
for SQLite's is a virtual one; `digest.search` asks it.
"""

from alembic import op

revision = "20261121_search"
down_revision = "20261120_first_tables"
branch_labels = None
depends_on = None

_CHANGES = "title, abstract, authors, organization, summary, keywords"

# Without the texts themselves, which are in `paper` already. To take a paper out, such an index
# has to be told what was put in: old and new rows go through the very same expression.
_SQLITE_TABLE = """
CREATE VIRTUAL TABLE paper_search USING fts5(
    title, authors, organization, abstract,
    content='', tokenize='porter unicode61 remove_diacritics 2'
)
"""
_SQLITE_FIELDS = """
    {0}title,
    (SELECT group_concat(value, ' ; ') FROM json_each({0}authors)),
    {0}organization,
    {0}abstract || ' ; ' || coalesce({0}summary, '') || ' ; '
        || coalesce((SELECT group_concat(value, ' ; ') FROM json_each({0}keywords)), '')
"""
_PUT_IN = f"""
INSERT INTO paper_search(rowid, title, authors, organization, abstract)
VALUES (new.id, {_SQLITE_FIELDS.format("new.")});
"""
_TAKE_OUT = f"""
INSERT INTO paper_search(paper_search, rowid, title, authors, organization, abstract)
VALUES ('delete', old.id, {_SQLITE_FIELDS.format("old.")});
"""
_SQLITE_TRIGGERS = (
    f"CREATE TRIGGER paper_search_insert AFTER INSERT ON paper BEGIN {_PUT_IN} END",
    f"CREATE TRIGGER paper_search_delete AFTER DELETE ON paper BEGIN {_TAKE_OUT} END",
    f"""
    CREATE TRIGGER paper_search_update AFTER UPDATE OF {_CHANGES} ON paper
    BEGIN {_TAKE_OUT} {_PUT_IN} END
    """,
)
_SQLITE_FILL = f"""
INSERT INTO paper_search(rowid, title, authors, organization, abstract)
SELECT id, {_SQLITE_FIELDS.format("")} FROM paper
"""

# Accents off, and nothing but letters and digits, as FTS5 has it. PostgreSQL's own parser takes
# CPU/GPU for a file and GPT-4 for a GPT and a negative number.
_PLAIN = r"""
CREATE FUNCTION paper_search_plain(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN translate(
    regexp_replace(normalize(words, NFKD), '[\u0300-\u036F]', '', 'g'),
    '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~' || U&'\2013\2014\2018\2019\201C\201D\00B7',
    repeat(' ', 39)
)
"""
_POSTGRESQL_TABLE = """
CREATE TABLE paper_search (
    paper_id bigint PRIMARY KEY REFERENCES paper ON DELETE CASCADE,
    title tsvector NOT NULL,
    authors tsvector NOT NULL,
    organization tsvector NOT NULL,
    everything tsvector NOT NULL
)
"""
# No English for names: its stop words are people's (Will, An, Can).
_POSTGRESQL_FIELDS = """
    {0}id,
    to_tsvector('english', paper_search_plain({0}title)),
    to_tsvector('simple', paper_search_plain({0}authors::jsonb::text)),
    to_tsvector('simple', paper_search_plain(coalesce({0}organization, ''))),
    to_tsvector('english', paper_search_plain(concat_ws(' ; ',
        {0}title, {0}authors::jsonb::text, {0}organization, {0}abstract, {0}summary,
        {0}keywords::jsonb::text)))
"""
_POSTGRESQL_FILL = f"INSERT INTO paper_search SELECT {_POSTGRESQL_FIELDS.format('')} FROM paper"
# What is new waits in a list (256 KB at most, not 4 MB) that every search reads from end to end.
_POSTGRESQL_INDEXES = tuple(
    f"CREATE INDEX paper_search_{field} ON paper_search USING gin ({field}) WITH (gin_pending_list_limit = 256)"
    for field in ("title", "authors", "organization", "everything")
)
_KEEP = f"""
CREATE FUNCTION paper_search_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO paper_search VALUES ({_POSTGRESQL_FIELDS.format("NEW.")})
    ON CONFLICT (paper_id) DO UPDATE SET
        title = excluded.title, authors = excluded.authors,
        organization = excluded.organization, everything = excluded.everything;
    RETURN NULL;
END $$
"""
_POSTGRESQL_TRIGGER = f"""
CREATE TRIGGER paper_search AFTER INSERT OR UPDATE OF {_CHANGES} ON paper
FOR EACH ROW EXECUTE FUNCTION paper_search_keep()
"""

_SQLITE = (_SQLITE_TABLE, *_SQLITE_TRIGGERS, _SQLITE_FILL)
_POSTGRESQL = (
    _PLAIN,
    _POSTGRESQL_TABLE,
    _POSTGRESQL_FILL,
    *_POSTGRESQL_INDEXES,
    _KEEP,
    _POSTGRESQL_TRIGGER,
)
_SQLITE_DOWN = (
    "DROP TRIGGER paper_search_insert",
    "DROP TRIGGER paper_search_delete",
    "DROP TRIGGER paper_search_update",
    "DROP TABLE paper_search",
)
_POSTGRESQL_DOWN = (
    "DROP TRIGGER paper_search ON paper",
    "DROP TABLE paper_search",
    "DROP FUNCTION paper_search_keep, paper_search_plain",
)


def upgrade() -> None:
    for statement in _SQLITE if _on_sqlite() else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    for statement in _SQLITE_DOWN if _on_sqlite() else _POSTGRESQL_DOWN:
        op.execute(statement)


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
