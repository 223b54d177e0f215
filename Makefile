# The only door: every target does its own set-up, and what it does stands in .ci/.
# ARGS and PYTHON reach the scripts through the environment, so that no shell splits them.
.POSIX:
.PHONY: help run test check bench fmt

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile
	@echo '  ARGS="..." is passed on; PYTHON=/path/to/python3 chooses the Python (3.11 or newer).'

run: ## open the window (ARGS: a store); without a display, export and verify a sample image
	@sh .ci/python .ci/tasks.py run

test: ## run every test, offscreen (ARGS: passed to pytest)
	@sh .ci/python .ci/tasks.py test

check: ## formatting, lint, types, who imports whom, what the wheel holds
	@sh .ci/python .ci/tasks.py check

bench: ## run the measurements in bench/ (ARGS: passed to them)
	@sh .ci/python .ci/tasks.py bench

fmt: ## rewrite the code as the formatter and the linter want it
	@sh .ci/python .ci/tasks.py fmt
