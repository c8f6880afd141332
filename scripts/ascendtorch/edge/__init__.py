"""Where effects happen: processes, files, git, locks, the host."""
