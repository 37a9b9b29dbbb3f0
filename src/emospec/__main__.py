"""`python -m emospec`: the same as the command `emospec`."""

from emospec.cli import main

if __name__ == "__main__":
    main()
