"""The languages in which the archive speaks to people, and how a sentence of ours becomes one of them."""
