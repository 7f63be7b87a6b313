"""Run the simulator: ``python -m simulators run SCENARIO.toml``."""

from simulators.cli import main

if __name__ == "__main__":
    main(prog_name="python -m simulators")
