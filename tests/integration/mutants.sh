#!/bin/sh
# The faults of tests/mutants still apply to the code as it is. `make mutants` tries them.
exec "$(dirname "$0")/../mutants/run" --check
