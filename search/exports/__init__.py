"""Exports of everything that a search finds, as files to work with.

The set is fixed first (which records, at which revision, by which version), so that a worker that takes over from one that
died goes on with the same set; what is written is counted, and an export that is short is no export.
"""
