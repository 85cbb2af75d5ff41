/* doctor.h: the checks of what a home agent, or a mobile node, needs of its links. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/checks.h"
#include "cmd/client.h"
#include "cmd/machine.h"
#include "cmd/mip.h"

/* --- the home agent ----------------------------------------------------------------------------------------------- */

/* One that is not named may stand in the configuration: the agent will know. */
static void no_home_link(const struct patient *p, struct finding *f)
{
	if (p->dev) {
		found(f, MIP_VERDICT_BAD, "no interface %s", p->dev);
		mend(f, "ip -br link");
		return;
	}
	found(f, MIP_VERDICT_WEAK, "which is the home link? not exactly one interface has a global unicast address");
	mend(f, "ip -6 addr add 2001:db8:1::1/64 dev DEV; or say dev DEV");
}

void check_home_link(const struct patient *p, struct finding *f)
{
	struct nic_addr list[256];
	size_t n = machine_addrs(list, sizeof(list) / sizeof(list[0])), global = 0, usable = 0;
	char dev[IFNAMSIZ];
	struct nic nic;

	if (!machine_home_link(p->dev, dev) || !machine_nic(dev, &nic)) {
		no_home_link(p, f);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		global += list[i].routable && !strcmp(list[i].dev, dev);
		usable += list[i].routable && list[i].usable && !strcmp(list[i].dev, dev);
	}
	found(f, MIP_VERDICT_OK, "%s is up and has a global unicast address", dev);
	if (!nic.up) {
		found(f, MIP_VERDICT_BAD, "home link %s is down", dev);
		mend(f, "ip link set %s up", dev);
	} else if (!global) {
		found(f, MIP_VERDICT_BAD, "home link %s has no global unicast address", dev);
		mend(f, "ip -6 addr add 2001:db8:1::1/64 dev %s", dev);
	} else if (!usable) {
		found(f, MIP_VERDICT_WEAK, "%s: Duplicate Address Detection is not over, or found a duplicate", dev);
		mend(f, "ip -6 addr show dev %s", dev);
	}
}

void check_forwarding(const struct patient *p, struct finding *f)
{
	char dev[IFNAMSIZ], path[64];

	machine_home_link(p->dev, dev);
	snprintf(path, sizeof(path), "conf/%s/forwarding", *dev ? dev : "all");
	found(f, MIP_VERDICT_OK, "%s forwards IPv6", *dev ? dev : "this machine");
	if (machine_sysctl(path) > 0)
		return;
	found(f, *dev ? MIP_VERDICT_BAD : MIP_VERDICT_WEAK, "%s does not forward: a home agent is a router",
		*dev ? dev : "this machine");
	mend(f, "sysctl -w net.ipv6.conf.all.forwarding=1");
}

void check_proxy(const struct patient *p, struct finding *f)
{
	char dev[IFNAMSIZ], path[64];
	int err;

	machine_home_link(p->dev, dev);
	snprintf(path, sizeof(path), "conf/%s/proxy_ndp", *dev ? dev : "all");
	err = machine_sysctl_writable(path);
	found(f, MIP_VERDICT_OK, "home addresses can be defended by proxy Neighbor Discovery");
	if (err == EACCES || err == EPERM) {
		found(f, MIP_VERDICT_UNKNOWN, "proxy Neighbor Discovery: be root to find out");
	} else if (err) {
		found(f, MIP_VERDICT_BAD, "proxy Neighbor Discovery cannot be switched on: %s", strerror(err));
		mend(f, "mount -o remount,rw /proc/sys; in a container, let it have one that can be written");
	}
}

void check_radvd(const struct patient *p, struct finding *f)
{
	pid_t pid = machine_process("radvd", NULL);

	(void)p;
	if (pid) {
		found(f, MIP_VERDICT_OK, "radvd runs, process %d; 'mip ha radvd' prints what it should say", (int)pid);
		return;
	}
	found(f, MIP_VERDICT_WEAK,
		"no radvd runs here: mobile nodes find the home link if another router announces it");
	mend(f, machine_program("radvd") ? "mip ha start" : "apt install radvd; then 'mip ha start'");
}

static int take_cell(void *ctx, const struct nlmsghdr *msg)
{
	(void)msg;
	*(bool *)ctx = true;
	return DONE;
}

/* crypto_hash and secauth of corosync.conf(5) are knet's: of other transports nothing is signed. */
static bool read_corosync(const char *path, bool *is_signed)
{
	FILE *file = fopen(path, "re");
	char line[256], key[64], value[64];
	bool bare = false;

	*is_signed = false; /* unless it says so */
	while (file && fgets(line, sizeof(line), file)) {
		if (sscanf(line, " %63[a-z_] : %63s", key, value) != 2)
			continue;
		bare |= !strcmp(key, "transport") && strcmp(value, "knet") != 0;
		*is_signed |= !strcmp(key, "crypto_hash") ? strcmp(value, "none") != 0
							  : !strcmp(key, "secauth") && !strcmp(value, "on");
	}
	*is_signed &= !bare;
	if (file)
		fclose(file);
	return file != NULL;
}

/* Whoever may send to the group ends and moves bindings as he likes. */
void check_cell(const struct patient *p, struct finding *f)
{
	const char *path = getenv("COROSYNC_MAIN_CONFIG_FILE") ?: "/etc/corosync/corosync.conf";
	bool is_one = false, is_signed;
	struct request rq;
	struct refusal no;

	(void)p;
	request_open(&rq, MIP_CELL_GET);
	if (client_connect() != DONE || client_ask(&rq, take_cell, &is_one, &no) != DONE) {
		found(f, MIP_VERDICT_UNKNOWN, "cell of home agents: no agent to ask");
	} else if (!is_one) {
		found(f, MIP_VERDICT_OK, "the home agent is in no cell");
	} else if (!read_corosync(path, &is_signed)) {
		found(f, MIP_VERDICT_UNKNOWN, "is what corosync hears authenticated? %s: %s", path, strerror(errno));
	} else if (is_signed) {
		found(f, MIP_VERDICT_OK, "what corosync hears is authenticated");
	} else {
		found(f, MIP_VERDICT_WEAK,
			"corosync's authentication is off: whoever can send to it ends and moves bindings");
		mend(f, "corosync-keygen; in %s transport: knet, crypto_cipher: aes256, crypto_hash: sha256", path);
	}
}

/* --- the mobile node ---------------------------------------------------------------------------------------------- */

/* How many interfaces a node could be on are up; `name` is one of them. */
static size_t count_up(char name[IFNAMSIZ])
{
	struct nic list[256];
	size_t n = machine_nics(list, sizeof(list) / sizeof(list[0])), up = 0;

	for (size_t i = 0; i < n; i++) {
		if (!list[i].up || !list[i].ether)
			continue;
		memcpy(name, list[i].name, IFNAMSIZ);
		up++;
	}
	return up;
}

void check_interface(const struct patient *p, struct finding *f)
{
	char name[IFNAMSIZ] = "";
	struct nic nic;
	size_t up;

	if (p->dev && machine_nic(p->dev, &nic)) {
		found(f, nic.up ? MIP_VERDICT_OK : MIP_VERDICT_WEAK, "%s is %s", p->dev, nic.up ? "up" : "down");
		if (!nic.up)
			mend(f, "ip link set %s up", p->dev);
		return;
	}
	up = count_up(name);
	if (p->dev)
		found(f, MIP_VERDICT_WEAK, "no interface %s yet", p->dev);
	else if (up)
		found(f, MIP_VERDICT_OK, "%s%s up", name, up > 1 ? " and others are" : " is");
	else
		found(f, MIP_VERDICT_WEAK, "no interface is up: the node stays detached");
	if (!up)
		mend(f, "ip link set DEV up");
}

/* Programs that read Router Advertisements themselves, and keep the kernel from it: accept_ra is theirs. */
static const struct manager {
	const char *process, *name, *before, *after; /* these two: around the interface, what makes it read them */
} managers[] = {
	{"systemd-network", "systemd-networkd", "IPv6AcceptRA=yes below [Network] in the file that 'networkctl status ",
		"' names; then networkctl reload"},
	{"NetworkManager", "NetworkManager", "nmcli device modify ", " ipv6.method auto"},
	{"dhcpcd", "dhcpcd", "no noipv6 and noipv6rs for ", " in /etc/dhcpcd.conf; then dhcpcd -n"},
};

static bool has_lent_address(const char *dev)
{
	struct nic_addr list[256];
	size_t n = machine_addrs(list, sizeof(list) / sizeof(list[0]));
	bool lent = false;

	while (n-- > 0)
		lent |= list[n].lent && list[n].routable && !strcmp(list[n].dev, dev);
	return lent;
}

static bool check_manager(const char *dev, struct finding *f)
{
	for (size_t i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
		const struct manager *m = &managers[i];

		if (!machine_process(m->process, NULL))
			continue;
		found(f, MIP_VERDICT_OK, "%s configures care-of addresses of %s", m->name, dev);
		if (has_lent_address(dev))
			return true;
		found(f, MIP_VERDICT_WEAK, "%s configures %s, and has no address from a Router Advertisement yet",
			m->name, dev);
		mend(f, "%s%s%s", m->before, dev, m->after);
		return true;
	}
	return false;
}

void check_autoconf(const struct patient *p, struct finding *f)
{
	char path[64];

	snprintf(path, sizeof(path), "conf/%s/accept_ra", p->dev ? p->dev : "default");
	found(f, MIP_VERDICT_OK, "care-of addresses are configured from Router Advertisements");
	if (machine_sysctl(path) != 0 || (p->dev && check_manager(p->dev, f)))
		return;
	found(f, MIP_VERDICT_WEAK,
		"Router Advertisements are ignored: care-of addresses must come by DHCPv6 or by hand");
	mend(f, "sysctl -w net.ipv6.conf.%s.accept_ra=1", p->dev ? p->dev : "all");
}
