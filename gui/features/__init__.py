"""Each wires one set of views to the session, so that neither the window nor the session grows."""
