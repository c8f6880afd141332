"""`python -m ascendtorch`."""

from ascendtorch.cli import main

if __name__ == "__main__":
    main()
