# Every chore by name. `make demo` and `make test` need only Python >= 3.11 and make: they set up .venv themselves,
# from requirements.lock and with every hash checked, and use it again as long as it fits.
#
# All paths are relative and every tool runs as `python -m …`, so that a space in the path of the clone does no harm
# (make splits names at spaces, and the kernel splits #! lines).

PYTHON ?=
ARGS ?=
export PYTHON

PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input

# The stamp is named for all that the environment was made from: the lock, the project file, and the folder itself,
# because an editable install points back at it and a copied folder would run the code of the original.
STAMP := .venv/.stamp-$(shell { pwd; cat requirements.lock pyproject.toml; } 2>/dev/null | cksum | cut -d ' ' -f 1)

# An environment whose interpreter has gone (upgraded away, another machine, another user) counts as none at all.
ifneq ($(shell $(PY) -c 'print("runs")' 2>/dev/null),runs)
.PHONY: $(STAMP)
endif

.PHONY: help venv demo test crash check bench docs golden messages lock clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo    the whole journey on sample pages: import, render, send to a local sink, where to look'
	@echo 'make test    all tests                           (make test ARGS="-k window -x")'
	@echo 'make crash   the long crash runs, a quarter of an hour   (make crash ARGS="--kills 25 --workers 3")'
	@echo 'make check   style, types, import ladder, models against migrations'
	@echo 'make bench   the measurements in benchmarks/'
	@echo 'make docs    write docs/commands.md anew from the help texts'
	@echo 'make golden  write the golden files of the emails anew, to be looked at before they are committed'
	@echo 'make messages  bring the catalogs of the languages up to date, to be translated where it says so'
	@echo 'make venv    only set up .venv                   (make venv PYTHON=/path/to/python3.12)'
	@echo 'make lock    write requirements.lock anew        (make lock ARGS=--upgrade)'
	@echo 'make clean   remove .venv, caches and build output'

venv: $(STAMP)

demo: $(STAMP)
	@$(PY) -m digest demo $(ARGS)

# All of them at once on every core, a file to a process; whoever asks for some gets them one after the other.
test: $(STAMP)
	$(PY) -m pytest $(if $(ARGS),$(ARGS),--numprocesses auto --dist loadfile)

crash: $(STAMP)
	$(PY) -m tests.faults.crash $(ARGS)

check: $(STAMP)
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -c 'from importlinter.cli import lint_imports_command as check; check()' --no-logo
	$(PY) -m digest db check

bench: $(STAMP)
	@set -e; found=; \
	for file in benchmarks/*.py; do \
	  [ -e "$$file" ] || continue; \
	  found=1; echo "== $$file"; $(PY) "$$file" $(ARGS); \
	done; \
	[ -n "$$found" ] || echo 'There are no benchmarks yet: benchmarks/ holds no .py file.'

docs: $(STAMP)
	$(PY) -m tests.support.command_page

golden: $(STAMP)
	$(PY) -m tests.support.golden

messages: $(STAMP)
	$(PY) -m tests.support.messages

# uv is no part of the lock, because it only writes it. ARGS comes last: --upgrade, --upgrade-package NAME.
lock:
	@$(find_python); $(make_venv)
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PIP) install --quiet uv
	$(PY) -m uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	  --no-emit-index-url --no-emit-find-links --extra postgres --group dev pyproject.toml -o requirements.lock $(ARGS)

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests benchmarks alembic -name __pycache__ -type d -prune -exec rm -rf {} +

# The old stamps go first and the new one comes last, so that an interrupted set-up starts again.
$(STAMP): requirements.lock pyproject.toml
	@rm -f .venv/.stamp-*
	@$(find_python); $(make_venv)
	@echo 'Installing what requirements.lock names (some minutes at most, once) …'
	@$(PIP) install --quiet --require-hashes -r requirements.lock
	@$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# A name on PATH proves nothing (version managers leave stubs that only print an error), so each one is tried.
define find_python
fits='import sys; sys.exit(sys.version_info < (3, 11))'; python=; bare=; \
try() { \
  "$$1" -c "$$fits" >/dev/null 2>&1 || return 1; \
  if "$$1" -c 'import ensurepip, venv' >/dev/null 2>&1; then python=$$1; else bare=$${bare:-$$1}; return 1; fi; \
}; \
if [ -n "$$PYTHON" ]; then try "$$PYTHON" || :; \
else for name in python3.13 python3.12 python3.11 python3; do if try "$$name"; then break; fi; done; fi
endef

# pip is asked for as well, because an interrupted `python -m venv` leaves an interpreter without it.
define make_venv
if $(PY) -c "$$fits" >/dev/null 2>&1 && $(PIP) --version >/dev/null 2>&1; then :; \
elif [ -n "$$python" ]; then \
  echo "Making .venv with $$python ($$("$$python" -c 'import platform; print(platform.python_version())')) …"; \
  "$$python" -m venv --clear .venv; \
elif [ -n "$$bare" ]; then \
  echo "$$bare cannot make a virtual environment: its ensurepip module is missing." >&2; \
  echo 'On Debian and Ubuntu: apt-get install python3-venv' >&2; exit 1; \
elif [ -n "$$PYTHON" ]; then \
  echo "PYTHON=$$PYTHON does not run, or is older than Python 3.11." >&2; exit 1; \
else \
  echo 'No Python 3.11 or newer found: tried python3.13, python3.12, python3.11 and python3.' >&2; \
  echo 'Install one (Debian and Ubuntu: apt-get install python3 python3-venv), or name it: make venv PYTHON=/path/to/python3' >&2; \
  exit 1; \
fi
endef
