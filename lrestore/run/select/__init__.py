"""Which items a run takes, and in which order.

Steps: ``choose`` applies selection and filters, ``dependencies`` finds what each item needs, ``text_links`` those that
stand in texts, ``order`` puts them in tiers.
"""
