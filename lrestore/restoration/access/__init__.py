"""Groups, roles, permission sets and model sets.

Promise: a role's sets and a group's members are those of the backup. Not guaranteed: access lists of folders; no backup
holds them.
"""
