"""Patch files and their order, parsed without touching a tree."""
