"""Gridproof's core: everything the hub does, without its interface."""
