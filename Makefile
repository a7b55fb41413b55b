# Every target sets up what it needs (system packages, Rust, npm packages) on Debian and Ubuntu; see scripts/setup.sh.
.PHONY: help run demo test lint bench bundle screenshots clean

help:
	@echo "make run          open the desktop app"
	@echo "make demo         no display needed: sandbox, engine, authorizations, refreshes, table of lifetimes"
	@echo "make test         everything that CI runs"
	@echo "make lint         formatting and lints"
	@echo "make bench        measurements, printed with ratios"
	@echo "make bundle       a .deb of the app"
	@echo "make screenshots  every page in both languages and themes, into docs/screenshots/"

run:
	@scripts/run.sh

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

lint:
	@scripts/lint.sh

bench:
	@scripts/bench.sh

bundle:
	@scripts/bundle.sh

screenshots:
	@scripts/screenshots.sh

clean:
	rm -rf target ui/dist .tools
