"""The upkeep of a patch series: check, export, import, and what a new release does to it."""
