"""`python -m smtp_gate` is `smtp-gate`."""

from smtp_gate.cli import main

if __name__ == "__main__":
    main(prog_name="smtp-gate")
