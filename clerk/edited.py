"""Whether a record ever said something else, in SQL: `search.documents.is_edited` told from rows, where many are counted.

Whether two versions say the same is told by their text; where they have markup alone, by the text of that, which is not here:
those are `UNSURE`, and have to be looked at themselves.
"""

EDITED = """(coalesce(bool_or(v.edited_at is not null and (v.source <> 'feed' or v.edited_at > v.created_at)), false)
                or count(distinct (v.fields ->> 'title', v.text)) filter (where v.text is not null) > 1)"""
"""An aggregate over the versions of one item, which a query calls `v`."""
UNSURE = "(count(*) > 1 and bool_or(v.text is null))"
"""The same: whether `EDITED`, where it is false, may be true all the same."""
BATCH = 500
"""How many of the unsure are looked at together."""
