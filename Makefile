# The suite's commands; each builds the environment first when it is not there (tools/env).

.PHONY: help demo test check build bench evaluate survey paper faults soak fuzz sanitize audit clean

help:
	@echo "make demo      avoid a group and approach a person, in a simulated room; writes out/demo/"
	@echo "make test      the checks and all tests"
	@echo "make check     ruff and mypy alone"
	@echo "make build     every package of src/ with colcon, into build/ and install/"
	@echo "make bench     the benchmarks"
	@echo "make evaluate  trials of all scenes with and without the social costs; out/eval/"
	@echo "make survey    clips and an offline questionnaire for people; out/survey/"
	@echo "make paper     this project's counterparts of the paper's figures; out/paper/"
	@echo "make faults    every fault in the running suite, and fuzzed input; out/faults/"
	@echo "make soak      the suite under load and at work for SOAK_MINUTES=30; out/soak/"
	@echo "make fuzz      FUZZ_CASES=100000 bad cases for every entry point; out/fuzz/"
	@echo "               (FUZZ_OPTIONS=--resume goes on where it was ended)"
	@echo "make sanitize  the C++ layer under sanitizers for SANITIZE_MINUTES=10 each"
	@echo "make audit     known vulnerabilities of the pinned packages (needs the network)"
	@echo "make clean     remove everything that was built"

demo:
	@tools/env python -m social_nav_nodes.demo --out out/demo

# The tests of each package are a namespace of their own, so mypy looks at each by itself.
check:
	@tools/env ruff check .
	@tools/env ruff format --check .
	@tools/env mypy
	@for tests in $(wildcard test src/*/test underlay/*/test); do \
		[ -z "$$(find $$tests -name '*.py')" ] || tools/env mypy $$tests || exit 1; done

# Two processes: the system tests start nodes of their own and share nothing with others' graphs.
test: check
	@tools/env python -m pytest src underlay
	@tools/env python -m pytest test

build:
	@tools/env colcon build --base-paths src --symlink-install

bench:
	@tools/env python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@for benchmark in benchmarks/bench_*.py; do \
		echo "== $$benchmark"; tools/env python $$benchmark || exit 1; done

evaluate:
	@tools/env python -m social_nav_core evaluate --out out/eval

survey:
	@tools/env python -m social_nav_core survey --out out/survey

paper:
	@tools/env python -m social_nav_core paper --out out/paper

faults:
	@tools/env python -m social_nav_nodes.endurance faults --out out/faults
	@$(MAKE) --no-print-directory fuzz

SOAK_MINUTES ?= 30
soak:
	@tools/env python -m social_nav_nodes.endurance soak --minutes $(SOAK_MINUTES) --out out/soak

FUZZ_CASES ?= 100000
fuzz:
	@tools/env python -m pip install --quiet --disable-pip-version-check -r requirements-faults.txt
	@tools/env env PYTHONPATH=tools python -m fuzzing --cases $(FUZZ_CASES) --out out/fuzz $(FUZZ_OPTIONS)

SANITIZE_MINUTES ?= 10
COSTMAP = src/social_nav_costmap
sanitize:
	@mkdir -p out/sanitize
	@for kind in address,undefined thread; do \
		echo "== $$kind"; \
		c++ -std=c++17 -O1 -g -fsanitize=$$kind -fno-sanitize-recover=all -pthread \
			-I$(COSTMAP)/include $(COSTMAP)/test/stress_random.cpp -o out/sanitize/stress && \
		out/sanitize/stress $$(($(SANITIZE_MINUTES) * 60)) || exit 1; done

audit:
	@tools/env python -m pip install --quiet --disable-pip-version-check -r requirements-audit.txt
	@tools/env python tools/audit.py

clean:
	rm -rf .env build install log out .mypy_cache .ruff_cache .hypothesis
