# A thin layer over cargo and cmake: `make help` lists what there is.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
CMAKE ?= cmake
PYTHON ?= python3

# The compiler wrapper of the MPI that libdicod_mpi is for; MPICC= leaves it out.
MPICC ?= $(firstword $(foreach c,mpicc mpicc.openmpi mpicc.mpich,$(if $(shell command -v $(c)),$(c))))

MPIEXEC ?= $(patsubst mpicc%,mpiexec%,$(notdir $(MPICC)))

# One target directory for everything that cargo builds here.
export CARGO_TARGET_DIR ?= $(CURDIR)/target
# No path but this one has the folder's own name in it, which may have blanks: make would take them for several.
BUILD := build
LOCAL := $(BUILD)/prefix
# CMake remembers an MPI: a directory for each.
CMAKE_BUILD := $(BUILD)/cmake$(patsubst %,-%,$(notdir $(MPICC)))

# As many compilers and tests at a time as there are processors. (Cargo does so by itself.)
export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell nproc 2>/dev/null || echo 2)
export CTEST_PARALLEL_LEVEL ?= $(CMAKE_BUILD_PARALLEL_LEVEL)

.DEFAULT_GOAL := build
.PHONY: help setup configure build install local header abi check-abi demo \
	test test-rust test-c test-install test-mpi test-fortran test-julia check-long check-orders check-races check-memory bench bench-ranks bench-map bench-calls bench-guard bench-replay bench-peers lint clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 22

setup: ## look for what all this needs; install what is missing (Debian, as root), or name it
	@command -v $(CARGO) >/dev/null || { echo 'setup: no cargo; install Rust 1.89 or newer' >&2; exit 1; }
	@CMAKE='$(CMAKE)' MPICC='$(MPICC)' scripts/setup.sh

configure:
	@mkdir -p $(BUILD)
	@$(CMAKE) -S . -B $(CMAKE_BUILD) -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX='$(PREFIX)' \
		$(if $(MPICC),-DDicod_MPI=ON -DMPI_C_COMPILER='$(MPICC)',-DDicod_MPI=OFF) \
		-DDicod_CARGO_TARGET_DIR='$(CARGO_TARGET_DIR)' >$(BUILD)/configure.log || { cat $(BUILD)/configure.log; exit 1; }

build: configure ## build the library (default)
	@$(CMAKE) --build $(CMAKE_BUILD)

install: build ## install under PREFIX (/usr/local), into DESTDIR if that is set
	@DESTDIR='$(DESTDIR)' $(CMAKE) --install $(CMAKE_BUILD)

# What demo and the tests link to.
local: build
	@DESTDIR= $(CMAKE) --install $(CMAKE_BUILD) --prefix '$(CURDIR)/$(LOCAL)' >$(BUILD)/install.log || { cat $(BUILD)/install.log; exit 1; }

header: ## write anew what follows from src/ffi: include/*.h, and what is generated in bindings, docs and abi
	$(CARGO) run --locked --bin dicod-tools

abi: ## write abi/*.abi, the binary interface of what is released now
	scripts/abi.sh write

check-abi: ## compare the binary interface with that of the last release
	scripts/abi.sh check
	tests/install/abi.sh $(BUILD)/tests-abi

# One thread of BLAS on each rank; root may run it, as in a container, and more ranks than there are cores.
RANKS := OPENBLAS_NUM_THREADS=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1

demo: setup ## build, install to build/prefix, run the examples on real data: pictures and tables in build/demo
	@start=$$(date +%s); $(MAKE) --no-print-directory demo-run && echo "demo: $$(( $$(date +%s) - start )) seconds; see $(BUILD)/demo"
.PHONY: demo-run
demo-run: local
	@$(CMAKE) -S examples/c -B $(BUILD)/examples -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH='$(CURDIR)/$(LOCAL)' $(if $(MPICC),-DMPI_C_COMPILER=$(MPICC)) >$(BUILD)/examples.log || { cat $(BUILD)/examples.log; exit 1; }
	@$(CMAKE) --build $(BUILD)/examples
	@mkdir -p $(BUILD)/demo
	$(BUILD)/examples/encode_image examples/data/ascent.pgm $(BUILD)/demo
	$(BUILD)/examples/restore_image examples/data/ascent.pgm $(BUILD)/demo
	$(BUILD)/examples/heartbeats examples/data/ecg.npy $(BUILD)/demo
	$(BUILD)/examples/parmap_fit examples/data/ecg.npy $(BUILD)/demo
	$(BUILD)/examples/parmap_deblur examples/data/ascent.pgm $(BUILD)/demo
	$(BUILD)/examples/parmap_axes examples/data/ascent.pgm $(BUILD)/demo
	$(BUILD)/examples/learn_image examples/data/ascent.pgm $(BUILD)/demo ascent
	$(BUILD)/examples/learn_image examples/data/face.ppm $(BUILD)/demo face
	$(BUILD)/examples/learn_heartbeats examples/data/ecg.npy $(BUILD)/demo
	$(BUILD)/examples/baseline examples/data/ecg.npy $(BUILD)/demo
	$(BUILD)/examples/transport_threads
	$(if $(MPICC),$(RANKS) $(MPIEXEC) -n 2 $(BUILD)/examples/learn_spots $(BUILD)/demo)
	$(if $(MPICC),$(RANKS) $(MPIEXEC) -n 2 $(BUILD)/examples/in_situ $(BUILD)/demo)
	$(if $(MPICC),$(RANKS) $(MPIEXEC) -n 4 $(BUILD)/examples/parmap_sweep $(BUILD)/demo)

test: ## everything: Rust, C (plainly and under valgrind), installed package, MPI, Fortran, Julia

	@MAKE='$(MAKE)' scripts/test.sh $(BUILD)/test-logs check-abi test-rust test-c test-install test-mpi test-fortran test-julia

# The compiler wrappers of every MPI that is there.
MPICCS := $(foreach c,mpicc.openmpi mpicc.mpich,$(if $(shell command -v $(c)),$(c)))

# Libraries are compiled as one unit each, by one thread: beside the tests.
.PHONY: libraries rust-tests rust-unit-tests
libraries: build
	@$(foreach other,$(filter-out $(firstword $(MPICCS)),$(MPICCS)),$(MAKE) --no-print-directory build MPICC=$(other) &&) true

SAME_BLAS := DICOD_BLAS_LIBRARIES="$$(cat $(CMAKE_BUILD)/blas)"
rust-unit-tests: configure
	$(SAME_BLAS) $(CARGO) test --locked --no-default-features --package dicod --test '*' --no-run
	@# The crate once more for its own tests, which compute little: optimised it takes four times as long to compile.
	$(SAME_BLAS) CARGO_PROFILE_DEV_OPT_LEVEL=0 $(CARGO) test --locked --no-default-features --package dicod --lib
# The library that was built is the one whose symbols and size are looked at; with the same BLAS.
rust-tests: build rust-unit-tests
	DICOD_LIBRARY='$(CURDIR)/$(CMAKE_BUILD)/lib/libdicod.so' $(SAME_BLAS) $(CARGO) test --locked --no-default-features \
		--package dicod --test '*'
	$(SAME_BLAS) $(CARGO) test --locked --no-default-features --package dicod --doc
	$(SAME_BLAS) $(CARGO) test --locked --no-default-features --package dicod-tools
test-rust:
	@$(MAKE) --no-print-directory -j$(CMAKE_BUILD_PARALLEL_LEVEL) libraries rust-tests

test-c: local
	@$(CMAKE) -S tests/c -B $(BUILD)/tests-c -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH='$(CURDIR)/$(LOCAL)' \
		-DUNSTRIPPED='$(CARGO_TARGET_DIR)/$(CARGO_BUILD_TARGET:%=%/)release/libdicod.so' >$(BUILD)/tests-c.log || { cat $(BUILD)/tests-c.log; exit 1; }
	@$(CMAKE) --build $(BUILD)/tests-c
	$(CMAKE) -E chdir $(BUILD)/tests-c ctest --output-on-failure

test-install: local
	tests/install/run.sh $(LOCAL) $(BUILD)/tests-install
	tests/install/blas.sh $(LOCAL) $(BUILD)/tests-blas

# What the first one has shown of others, too, is not repeated.
test-mpi: $(MPICCS:%=test-mpi-%)
test-mpi-%: build
	@$(MAKE) --no-print-directory local MPICC=$* LOCAL=$(BUILD)/prefix-$*
	@$(CMAKE) -S tests/mpi -B $(BUILD)/tests-$* -DCMAKE_BUILD_TYPE=Release -DCMAKE_PREFIX_PATH='$(CURDIR)'/$(BUILD)/prefix-$* \
		-DMPI_C_COMPILER=$* -DMPIEXEC_EXECUTABLE=$$(command -v $(patsubst mpicc%,mpiexec%,$*)) $(or $(TEST_MPI_FLAGS),-DOTHER_WAY=OFF) \
		-DREPEATED=$(if $(filter-out $(firstword $(MPICCS)),$*),ON,OFF) >$(BUILD)/tests-$*.log || { cat $(BUILD)/tests-$*.log; exit 1; }
	@$(CMAKE) --build $(BUILD)/tests-$*
	$(CMAKE) -E chdir $(BUILD)/tests-$* ctest --output-on-failure $(CTEST_FLAGS)

# With every MPI that is there, what needs no ranks with the first one only; "none" stands for the library of one process alone.
test-fortran: $(if $(MPICCS),$(MPICCS:%=test-fortran-%),test-fortran-none)
test-fortran-%: build
	@$(MAKE) --no-print-directory local MPICC=$(filter-out none,$*) LOCAL=$(BUILD)/prefix-$*
	@$(CMAKE) -S tests/fortran -B $(BUILD)/tests-fortran-$* -DCMAKE_PREFIX_PATH='$(CURDIR)'/$(BUILD)/prefix-$* \
		$(if $(filter-out none,$*),-DMPI_C_COMPILER=$* -DMPIEXEC_EXECUTABLE=$$(command -v $(patsubst mpicc%,mpiexec%,$*))) \
		-DCARGO_FLAGS=--no-default-features \
		-DRANKS_ONLY=$(if $(filter-out $(firstword $(MPICCS) none),$*),ON,OFF) >$(BUILD)/tests-fortran-$*.log || { cat $(BUILD)/tests-fortran-$*.log; exit 1; }
	@$(SAME_BLAS) $(CMAKE) --build $(BUILD)/tests-fortran-$*
	$(SAME_BLAS) $(CMAKE) -E chdir $(BUILD)/tests-fortran-$* ctest --output-on-failure

# With every MPI that is there; what needs no ranks with the first one only.
test-julia: $(if $(MPICCS),$(MPICCS:%=test-julia-%),test-julia-none)
test-julia-%: build
	@$(MAKE) --no-print-directory local MPICC=$(filter-out none,$*) LOCAL=$(BUILD)/prefix-$*
	tests/julia/run.sh $(BUILD)/prefix-$* $(BUILD)/tests-julia $(patsubst mpicc%,mpiexec%,$(filter-out none,$*)) \
		$(if $(filter-out $(firstword $(MPICCS) none),$*),ranks)

check-long: ## the long sweeps over random problems and schedules, and what takes much memory
	DICOD_LONG=1 OPENBLAS_NUM_THREADS=1 $(CARGO) test --locked --release -- --nocapture
	@$(MAKE) --no-print-directory test-mpi CTEST_FLAGS='-C long -L long'
	@$(MAKE) --no-print-directory test-mpi TEST_MPI_FLAGS=-DOTHER_WAY=ON

# Rust's ThreadSanitizer is not stable yet; it has to see the standard library, too: rustup component add rust-src.
check-races: check-orders ## data races in the unit tests, the map and the ranks of one process, by ThreadSanitizer; orders of a team's threads
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=thread TSAN_OPTIONS=allocator_may_return_null=1 OPENBLAS_NUM_THREADS=1 \
		$(CARGO) test --locked --release -Zbuild-std --target $$(rustc -vV | sed -n 's/^host: //p') \
		--target-dir '$(CARGO_TARGET_DIR)/races' --lib --test parmap --test ranks

check-orders: ## every order in which the threads of a team can take their items, and what each may see then, by loom
	$(CARGO) test --locked --manifest-path tests/loom/Cargo.toml --target-dir '$(CARGO_TARGET_DIR)/loom'

# Rust's AddressSanitizer is not stable yet; it looks at what Rust and C write. Each C test is linked into one program with the
# library, which brings the sanitizer's runtime along.
HOST_TARGET = $(shell rustc -vV | sed -n 's/^host: //p')
check-memory: ## the C tests, and 20 000 restores with contradicted shapes, by AddressSanitizer
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address ASAN_OPTIONS=allocator_may_return_null=1 OPENBLAS_NUM_THREADS=1 DICOD_LONG=1 \
		$(CARGO) test --locked --target $(HOST_TARGET) --target-dir '$(CARGO_TARGET_DIR)/memory' --test restore_fuzz
	tests/c/asan.sh '$(CARGO_TARGET_DIR)/memory/$(HOST_TARGET)/debug' $(BUILD)/asan

bench: ## speed against the replay floor, GEMM and FFT
	@# More threads of BLAS would go on spinning beside what is measured next.
	OPENBLAS_NUM_THREADS=1 $(CARGO) bench --locked --bench solve

bench-proof: ## how tight the gap is, beside how far solves truly are from the optimum
	OPENBLAS_NUM_THREADS=1 $(CARGO) bench --locked --bench proof

$(BUILD)/bench-ranks: benches/ranks.c local
	@$(MPICC) -O2 -Wall -I$(LOCAL)/include $< -o $@ -L$(LOCAL)/lib -Wl,-rpath,'$(CURDIR)/$(LOCAL)/lib' -ldicod_mpi -lm
define RANKS_TABLE
@echo '| field | ranks | steps | sweeps | seconds | descent | end µs | reduction µs | messages | kB sent | MB held | objective |'
@echo '| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: | --: |'
endef

bench-ranks: $(BUILD)/bench-ranks ## time, messages and memory on several ranks
	$(RANKS_TABLE)
	@for n in 1 2 4 9 16; do $(RANKS) $(MPIEXEC) -n $$n $< strong 1024 || exit 1; done
	@for n in 1 4 9 16; do $(RANKS) $(MPIEXEC) -n $$n $< weak 256 || exit 1; done

# A field of 4096² has tiles for some thousand ranks; its trace is that of one rank only.
TRACES := $(BUILD)/traces
bench-replay: $(BUILD)/bench-ranks ## what recorded solves would take on up to 10 000 ranks: docs/scaling.svg
	@rm -rf $(TRACES) && mkdir -p $(TRACES)
	$(RANKS_TABLE)
	@for n in 1 2 4 9 16; do for schedule in coloured asynchronous; do \
		$(RANKS) $(MPIEXEC) -n $$n $< image examples/data/ascent.pgm $$schedule $(TRACES) || exit 1; done; done
	@$(RANKS) $(MPIEXEC) -n 1 $< strong 4096 coloured $(TRACES)
	$(CARGO) bench --locked --bench replay -- $(TRACES) docs/scaling.svg

bench-map: bench-map-build ## what an empty task of the parallel map costs, beside a ping-pong
	@$(RANKS) $(MPIEXEC) -n 2 $(BUILD)/bench-map

.PHONY: bench-map-build
bench-map-build: local
	@$(MPICC) -O2 -Wall -I$(LOCAL)/include benches/map.c -o $(BUILD)/bench-map -L$(LOCAL)/lib -Wl,-rpath,'$(CURDIR)/$(LOCAL)/lib' -ldicod_mpi

bench-calls: local ## what a call from Fortran and from Julia costs beside the same call from C
	@mkdir -p $(BUILD)/bench-calls
	@cc -O2 -Wall -shared -fPIC -I$(LOCAL)/include benches/overhead.c -o $(BUILD)/bench-calls/liboverhead.so \
		-L$(LOCAL)/lib -Wl,-rpath,'$(CURDIR)/$(LOCAL)/lib' -ldicod
	@gfortran -O1 -J $(BUILD)/bench-calls $(LOCAL)/share/dicod/fortran/dicod.f90 benches/overhead.f90 -o $(BUILD)/bench-calls/overhead \
		-L$(BUILD)/bench-calls -L$(LOCAL)/lib -Wl,-rpath,'$(CURDIR)/$(BUILD)/bench-calls' -Wl,-rpath,'$(CURDIR)/$(LOCAL)/lib' -loverhead -ldicod
	@$(BUILD)/bench-calls/overhead
	@julia=$$(tests/julia/get-julia.sh $(BUILD)/tests-julia/julia) || exit 1; for threads in 1 2; do \
		OPENBLAS_NUM_THREADS=1 JULIA_NUM_THREADS=$$threads JULIA_DEPOT_PATH='$(CURDIR)/$(BUILD)/tests-julia/depot' \
		JULIA_LOAD_PATH='@:@stdlib:$(CURDIR)/bindings/julia/Dicod' DICOD_LIBRARY='$(CURDIR)/$(LOCAL)/lib/libdicod.so' \
		DICOD_OVERHEAD='$(CURDIR)/$(BUILD)/bench-calls/liboverhead.so' \
		$$julia --startup-file=no benches/overhead.jl || exit 1; done

bench-guard: local ## what the C boundary costs a call
	@cc -O2 -Wall -I$(LOCAL)/include benches/guard.c -o $(BUILD)/bench-guard -L$(LOCAL)/lib -Wl,-rpath,'$(CURDIR)/$(LOCAL)/lib' -ldicod -lm
	@$(BUILD)/bench-guard

# With Open MPI, which the wheel of mpi4py finds: MPICC=mpicc.openmpi where mpicc is another.
bench-peers: export MPIEXEC := $(MPIEXEC)
bench-peers: export DICOD_PREFIX = $(CURDIR)/$(LOCAL)
bench-peers: export PYTHONDONTWRITEBYTECODE := 1
bench-peers: bench-map-build ## speed against dicodile, sporco, alphacsc, joblib and mpi4py
	benches/peers/setup.sh '$(CARGO_TARGET_DIR)/peers-venv'
	@for subject in solve.py proximal.py ranks.py learn.py 'tasks.py $(BUILD)/bench-map'; do \
		'$(CARGO_TARGET_DIR)/peers-venv/bin/python' benches/peers/$$subject || exit 1; \
	done

# Versions differ in what they make of a file: .clang-format is for that of Debian 12. Without it C is not looked at.
CLANG_FORMAT = $(firstword $(foreach c,clang-format-14 clang-format,$(if $(findstring version 14.,$(shell $(c) --version 2>/dev/null)),$(c))))
C_SOURCES = $(wildcard $(foreach folder,src/host examples/c benches tests/c tests/mpi tests/fortran tests/julia tests/install,\
	$(folder)/*.[ch] $(folder)/*.cpp))

lint: ## rustfmt, clippy, and clang-format if version 14 is there; warnings are errors
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	$(if $(CLANG_FORMAT),$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES),@echo 'lint: C was not looked at, as there is no clang-format 14')

clean: ## remove what was built
	rm -rf $(BUILD)
	$(CARGO) clean
