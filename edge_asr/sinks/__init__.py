"""Mouth: where events leave the house."""
