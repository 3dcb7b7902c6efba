"""Chooses the items of a run and their order.

Steps: ``choose`` applies selection and filters, ``dependencies`` finds the items that each item needs, ``text_links``
finds links in texts, ``missing_looks`` adds looks that tiles show, ``order`` sorts the items.
"""
