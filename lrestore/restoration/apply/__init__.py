"""Carries out a plan: each write in its order, and each create once.

Promise: an intent is on disk before a create, and a lost answer is looked for before the create is repeated.
Steps: ``execute`` makes the writes of a plan, ``create_once`` makes one object.
"""
