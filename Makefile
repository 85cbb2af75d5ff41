# mip: Mobile IPv6 for Linux. `make` builds build/mip and build/mipd; `make help` lists the rest.
ifeq ($(origin CC),default)
CC       := gcc
endif
VERSION  := 0.1
PREFIX   ?= /usr/local
UNITDIR  ?= $(PREFIX)/lib/systemd/system
B        := build$(if $(SAN),/san)
CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wvla -Wno-missing-field-initializers
SANFLAGS := $(if $(SAN),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
override CPPFLAGS += -Icore -Iinclude -I. -D_GNU_SOURCE -DMIP_VERSION='"$(VERSION)"'
override CFLAGS   += -std=c11 $(WARN) $(SANFLAGS)
override LDFLAGS  += $(SANFLAGS) -Wl,--as-needed
COMPILE   = $(CC) $(CPPFLAGS) $(CFLAGS) $(if $(WERROR),-Werror)
LINK      = $(CC) $(LDFLAGS)

# What `make deps` installs: to build, to test (python3-jsonschema: a validator that is not ours judges our schema), to
# draw what benchmarks measured (gnuplot-nox), to lint.
DEPS := gcc make pkg-config libc6-dev libmnl-dev libnftnl-dev libcap-dev libedit-dev nettle-dev libsqlite3-dev libcpg-dev libcmocka-dev \
	bats iproute2 iputils-ping nftables radvd corosync bird2 keepalived network-manager ifupdown dhcpcd-base dnsmasq-base firewalld dbus wireguard-tools wpasupplicant hostapd iw socat pv jq python3 python3-jsonschema tshark tcpdump iperf3 tmux zsh fish procps util-linux \
	qemu-system-x86 kmod busybox-static cpio gnuplot-nox \
	charon-systemd strongswan-swanctl libstrongswan-standard-plugins openssl \
	wireguard-tools clang llvm libbpf-dev clang-format clang-tidy libclang-rt-dev shellcheck mandoc debhelper lintian fakeroot

CORE  := $(wildcard core/*/*.c)
CMD   := $(filter-out cmd/mip.c cmd/mipd.c,$(wildcard cmd/*.c))
UNITS ?= $(wildcard tests/unit/test_*.c)
HELP  := $(filter-out $(wildcard tests/unit/test_*.c),$(wildcard tests/unit/*.c))
LOADS := $(addprefix tests/bench/,rrflood.c buload.c buflood.c)
PROBE := $(patsubst %.c,$(B)/%,$(wildcard tests/net/*.c tests/lab/*.c) $(LOADS))
FUZZ  := $(wildcard tests/fuzz/fuzz_*.c)
BENCH := $(filter-out $(LOADS),$(wildcard tests/bench/*.c))
SIM   := $(wildcard tests/sim/*.c)
BATS  := $(wildcard tests/*.bats)
SIMLIB := $(filter-out tests/sim/main.c tests/sim/alloc.c tests/sim/plant.c tests/sim/cell.c tests/sim/group.c,$(SIM)) tests/fuzz/steps.c
obj    = $(patsubst %.c,$(B)/%.o,$(1))

all: $(B)/mip $(B)/mipd $(B)/mip-import

$(B)/mipd: $(call obj,cmd/mipd.c) $(B)/libcore.a
	$(LINK) -o $@ $^ -lmnl -lnftnl -lcap -lnettle -lsqlite3 -lcpg
$(B)/mip: $(call obj,cmd/mip.c) $(B)/libcmd.a
	$(LINK) -o $@ $^ -lmnl -ledit
$(B)/mip-import: cmd/import.awk
	install -D -m755 $< $@
$(B)/libcore.a: $(call obj,$(CORE))
$(B)/libcmd.a: $(call obj,$(CMD))
$(B)/libsim.a: $(call obj,$(SIMLIB))
$(B)/lib%.a:
	@rm -f $@
	ar rcs $@ $^

# The programs of the kernel's fast path stand in its loader. Without clang and the headers of libbpf there are none.
BPF_CC := $(if $(wildcard /usr/include/bpf/bpf_helpers.h),$(shell command -v clang 2>/dev/null))
BPF_O  := $(if $(BPF_CC),$(B)/core/flow/bpf/flow.bpf.o)
$(B)/core/flow/fast.o: $(BPF_O)
$(B)/core/flow/fast.o: override CPPFLAGS += $(if $(BPF_CC),-DFAST_ELF='"$(BPF_O)"')
$(B)/core/flow/bpf/flow.bpf.o: core/flow/bpf/flow.bpf.c core/flow/bpf/packet.h core/flow/bpf/maps.h $(B)/flags
	@mkdir -p $(@D)
	$(BPF_CC) -target bpf -O2 -g -Wall -Wextra $(if $(WERROR),-Werror) -I/usr/include/$(shell $(CC) -print-multiarch) -Icore -c -o $@ $<
	@! command -v llvm-strip >/dev/null || llvm-strip -g $@

# One object a source file; header dependencies by -MMD; everything again when compiler or flags change.
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -MMD -MP -MT $@ -MT $(@:.o=.tidy) -c -o $@ $<
$(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(LDFLAGS)' > $@

# --- tests -------------------------------------------------------------------------------------------------------
TEST_LIBS := $(B)/libcore.a $(B)/libcmd.a
UNIT_BIN  := $(UNITS:%.c=$(B)/%)
REPLAY    := $(FUZZ:%.c=$(B)/%)
TAP       := MIP_BUILD=$(abspath $(B)) tests/tap.sh

$(UNIT_BIN): %: %.o $(call obj,$(HELP)) $(TEST_LIBS)
	$(LINK) -o $@ $^ -lcmocka -lmnl -lnftnl -lcap -lnettle -lsqlite3 -ledit
$(REPLAY): %: %.o $(call obj,tests/fuzz/replay.c) $(B)/libsim.a $(TEST_LIBS)
	$(LINK) -o $@ $^ -lmnl -lnftnl -lcap -lnettle -lsqlite3 -ledit
$(B)/tests/sim/sim: $(call obj,$(SIM)) $(TEST_LIBS)
	$(LINK) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free -o $@ $^ -lmnl -lnftnl -lcap -lnettle -lsqlite3
$(B)/tests/conformance/warp.so: tests/conformance/warp.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(filter-out $(SANFLAGS),$(CFLAGS)) $(if $(WERROR),-Werror) -fPIC -shared -o $@ $<
$(BENCH:%.c=$(B)/%) $(PROBE): %: %.o $(TEST_LIBS)
	$(LINK) -o $@ $^ -lmnl -lnftnl -lcap -lnettle -lsqlite3

# What all parts of check need; they find it built and can run side by side.
programs: all $(UNIT_BIN) $(REPLAY) $(B)/tests/sim/sim $(B)/tests/conformance/warp.so $(PROBE) $(BENCH:%.c=$(B)/%)
CHECK := MIP_BUILD=$(abspath $(B)) tests/check.sh
quick:   ## unit, 10 seeds of the simulation, tree, golden packets, cli; as root one network; what to run while one works
	@QUICK=1 $(CHECK) tour cli golden tree sim unit
check: deps   ## everything: also all network tests, RFC 6275 clause by clause, lint, and Debian's stock kernel
	@$(CHECK) kernel net path cli conformance sim tree unit golden lint
again:   ## of what ran last only what failed; what that left is in build/failed
	@$(CHECK) again
check-unit: $(UNIT_BIN) $(REPLAY)   ## C unit tests under virtual time and replayed fuzz corpora; no root, < 10 s
	@$(TAP) unit tests/each.sh $(UNIT_BIN) $(REPLAY)
check-sim: $(B)/tests/sim/sim   ## 50 seeds of the deterministic simulation, cells of home agents too, and a planted bug for each of its invariants; no root, < 20 s
	@$(TAP) sim sh -c '$< $(if $(QUICK),-n 10) && $< -P'
check-tree:   ## who includes whom, and that a failing test fails
	@$(TAP) tree tests/net.sh tests/tree/*.bats
check-golden:   ## our packets, decoded by tshark
	@$(TAP) golden tests/golden/tshark.py
check-cli: all   ## words, errors, JSON, completion; no root
	@$(TAP) cli tests/net.sh $(BATS)
check-tour: all $(PROBE) $(B)/tests/conformance/warp.so   ## eight tests of the wire, in one network; root
	@$(TAP) -r tour tests/net.sh tests/net/tour.bats
check-net: all $(PROBE) $(B)/tests/conformance/warp.so $(BENCH:%.c=$(B)/%)   ## namespaces: nodes move and connections live; root
	@$(TAP) -r net tests/net.sh
check-path: all $(PROBE) $(B)/tests/conformance/warp.so   ## what moves packets, on the data path of the kernel's programs (mipd --path bpf); root
	@MIP_PATH=bpf $(TAP) -r path tests/net.sh $(addprefix tests/net/,$(addsuffix .bats,ro move optimize optimize_two hold slide))
check-kernel: all $(PROBE) $(B)/tests/conformance/warp.so $(BENCH:%.c=$(B)/%)   ## what is about the kernel, or all with ALL=1, on Debian's stock kernel in a virtual machine; root
	@$(TAP) -r kernel tests/kernel/run.sh
conformance: all $(UNIT_BIN) $(B)/tests/conformance/warp.so   ## RFC 6275, 3963, 4285 and 5555 requirement by requirement, and a table of each; root
	@$(TAP) -r conformance tests/conformance/run.py
check-conformance: conformance
conformance-kernel: all $(UNIT_BIN) $(B)/tests/conformance/warp.so   ## the same on Debian's stock kernel in a virtual machine; root
	@$(TAP) -r conformance-kernel tests/kernel/run.sh conformance
check-package: deps   ## the Debian package is built, installed, booted by systemd, removed; root
	@$(TAP) -r package sh -c 'cmd/package/deb.sh $(B) $(VERSION) >/dev/null && tests/net.sh tests/package/package.bats'
demo: deps   ## a node moves home -> foreign 1 -> foreign 2 -> home and its TCP connection lives; with NETWORK=1 two hosts behind it, with V4=1 by links with IPv4 only; root
	@$(MAKE) --no-print-directory -s all $(PROBE)
	@MIP_BUILD=$(abspath $(B)) tests/lab/demo.sh
lab: deps   ## a shell inside the test network; root
	@$(MAKE) --no-print-directory -s all
	@MIP_BUILD=$(abspath $(B)) tests/lab/lab.sh shell
bench: deps   ## handover gaps, and what else is in tests/bench, with pictures; root
	@$(MAKE) --no-print-directory -s all $(PROBE) $(BENCH:%.c=$(B)/%)
	@set -e; for b in tests/bench/*.sh; do MIP_BUILD=$(abspath $(B)) $$b; done
	@$(MAKE) --no-print-directory -s pictures
pictures:   ## draw man/pictures from what make bench measured
	@MIP_BUILD=$(abspath $(B)) tests/bench/plot/draw.sh

MOVES := 1000
SEED  :=
moves: deps   ## MOVES=1000 random moves of one mobile node in the lab, SEED= to repeat them; 25 minutes; root
	@$(MAKE) --no-print-directory -s all
	@MIP_BUILD=$(abspath $(B)) tests/lab/moves.sh $(MOVES) $(SEED)

REMOVALS ?= 600
removals: deps   ## for REMOVALS=600 s something of the agents' is removed from the kernel every 2 s, SEED= to repeat it; root
	@$(MAKE) --no-print-directory -s all
	@MIP_BUILD=$(abspath $(B)) tests/lab/removals.sh $(REMOVALS) $(SEED)

SEEDS := 1000
FIRST := 1
sim: $(B)/tests/sim/sim   ## SEEDS=1000 simulations from seed FIRST=1 on, then a week of 10,000 mobile nodes
	@$(TAP) sim $< -s $(FIRST) -n $(SEEDS)
	@$(TAP) week $< -w

T := 60
fuzz:   ## libFuzzer (clang) on each target for T=60 seconds; new inputs stay in build/fuzz/corpus
	@$(MAKE) --no-print-directory -s CC=clang B=build/fuzz CFLAGS='-O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined' \
		LDFLAGS='-fsanitize=fuzzer,address,undefined' fuzz-run
fuzz-run: $(FUZZ:%.c=$(B)/%.fuzz)
	@set -e; for f in $^; do n=$$(basename $$f .fuzz); n=$${n#fuzz_}; mkdir -p $(B)/corpus/$$n; \
		seeds=tests/fuzz/corpus/$$n; [ -d $$seeds ] || seeds=tests/fuzz/corpus/packets; \
		echo "fuzz $$n, $(T) s"; $$f -max_total_time=$(T) -timeout=5 -print_final_stats=1 \
		-artifact_prefix=$(B)/$$n- $(B)/corpus/$$n $$seeds; done
$(B)/%.fuzz: $(B)/%.o $(B)/libsim.a $(TEST_LIBS)
	$(LINK) -o $@ $^ -lmnl -lnftnl -lcap -lnettle -lsqlite3 -ledit

# A stamp for each source file clang-tidy had nothing to say about; like objects they are older than headers that changed. In
# a tree without stamps those that are the same, with all they include, as in the commit that tests/lint.base names are not
# looked at again: `make lint` was content with that commit and writes its name there. Where only a header is another the
# analyzer is left out (tests/lint.sh marks these).
TIDY := $(patsubst %.c,$(B)/%.tidy,$(shell find cmd core tests -name '*.c' ! -name '*.bpf.c'))
$(B)/%.tidy: %.c .clang-tidy
	@mkdir -p $(@D)
	@clang-tidy --quiet --warnings-as-errors='*' $(if $(wildcard $(@:.tidy=.same)),--checks='-clang-analyzer-*') $< -- -std=c11 -Icore -Iinclude -I. -D_GNU_SOURCE -DMIP_VERSION='"lint"' 2>/dev/null
	@touch $@
tidy: $(TIDY)
lint:   ## clang-format, clang-tidy, shellcheck, mandoc
	@rm -f $(TIDY)
	@NO_BASE=1 $(MAKE) --no-print-directory -s check-lint
	@[ -n "$$(git status --porcelain 2>&1)" ] || git rev-parse HEAD > tests/lint.base
check-lint:   ## the same; clang-tidy of what changed since it was content
	@$(TAP) lint tests/lint.sh

# --- machine -----------------------------------------------------------------------------------------------------
deps:   ## install the Debian packages that are missing; nothing when all are there
	@tests/deps.sh $(DEPS)
install: all   ## to $(DESTDIR)$(PREFIX)
	install -D -m755 -t $(DESTDIR)$(PREFIX)/bin $(B)/mip $(B)/mip-import
	install -D -m755 $(B)/mipd $(DESTDIR)$(PREFIX)/sbin/mipd
	for s in 5 7 8; do for m in man/*.$$s; do \
		[ ! -e $$m ] || install -D -m644 -t $(DESTDIR)$(PREFIX)/share/man/man$$s $$m || exit; done; done
	install -D -m644 -t $(DESTDIR)$(PREFIX)/share/doc/mip/examples man/examples/*.conf
	install -d $(DESTDIR)$(UNITDIR)
	for u in mipd mip-radvd; do \
		sed 's|@BINDIR@|$(PREFIX)/bin|; s|@SBINDIR@|$(PREFIX)/sbin|' cmd/package/$$u.service > $(DESTDIR)$(UNITDIR)/$$u.service || exit; done
	install -D -m644 cmd/package/mip.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/mip.conf
	install -D -m644 cmd/package/mip.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/mip.conf
	install -D -m644 completions/mip.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/mip
	install -D -m644 completions/_mip $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_mip
	install -D -m644 completions/mip.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/mip.fish
deb: deps   ## a Debian package, in build/
	@cmd/package/deb.sh $(B) $(VERSION)
clean:   ## remove build/
	rm -rf build
help:   ## this
	@echo 'make                  build/mip and build/mipd'
	@sed -nE 's/^([a-z-]+):.*   ## (.*)/make \1@\2/p' Makefile | awk -F@ '{ printf "%-21s %s\n", $$1, $$2 }'
	@echo 'CC=clang WERROR=1     SAN=1 (ASan and UBSan, in build/san)     DESTDIR= PREFIX=/usr/local'

FORCE:
.SECONDARY:
.PHONY: all programs check quick again tidy check-tour check-lint check-unit check-sim check-tree check-golden check-cli check-net check-kernel check-conformance conformance conformance-kernel check-package \
	demo lab moves removals bench pictures sim fuzz fuzz-run lint deps install deb clean help FORCE
-include $(shell [ ! -d $(B) ] || find $(B) -name '*.d' -type f ! -path '$(B)/deb/*')
