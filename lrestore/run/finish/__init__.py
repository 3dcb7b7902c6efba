"""The last steps of a run: what its items have left open, and what a user must know before the session ends.

Steps: ``last_look`` settles creates without an answer, ``temporary_names`` names those that failed items still have,
``open_folders`` warns of folders that more people can see than before, ``rescue`` saves the records of a lost state
file. Not guaranteed: that Looker still answers; what could not be checked is a warning.
"""
