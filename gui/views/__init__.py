"""Widgets that show values and say what the user wants; they never act."""
