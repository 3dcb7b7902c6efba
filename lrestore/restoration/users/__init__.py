"""Users: their own fields, e-mail logins, roles and groups.

Promise: the user whose key is used is never disabled and stays an admin.
"""
