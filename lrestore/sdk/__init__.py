"""The Looker SDK: what lrestore uses of it, and how it is imported."""
