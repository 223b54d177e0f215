"""Dialogs: they ask, and say what was answered; they never act."""
