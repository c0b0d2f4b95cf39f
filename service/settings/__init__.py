"""The tables of the settings, one module a subject; `service.config` reads them.

Densities are in OD, lengths in mm, luminances in cd/m2, retention in days (0 keeps for ever).
"""
