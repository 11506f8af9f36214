"""How does `python -m aiops.cli` start?"""

from aiops.cli.app import main

if __name__ == "__main__":
    main()
