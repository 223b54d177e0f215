"""The window of Shipglass: PySide6 over :mod:`exporter_core`; what runs without Qt lives there."""
