"""The AscendCL emulator: building it, running programs on it, checking what they need of it."""
