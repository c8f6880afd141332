"""The plugin layout: our wheel built beside the official one of a PyTorch release."""
