"""How it looks: light and dark palettes on Fusion, one sheet of style, icons that follow the palette."""

from gui.theme.fonts import fixed_font, scaled_font
from gui.theme.icons import icon
from gui.theme.palette import DARK, LIGHT, Tokens, tokens
from gui.theme.switch import MODES, Theme

__all__ = ["DARK", "LIGHT", "MODES", "Theme", "Tokens", "fixed_font", "icon", "scaled_font", "tokens"]
