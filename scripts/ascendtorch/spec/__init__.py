"""Our data files, parsed strictly into frozen values."""
