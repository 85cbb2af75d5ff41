/*
 * The checks of `mip doctor`. A check says "bad" only of what the agent would refuse for, or what keeps the role from
 * working at all. It reads; it changes nothing.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/doctor.h"
#include "cmd/machine.h"
#include "cmd/mip.h"

#define SPACE_MIN (1 << 16) /* bytes: socket, lock, what sysctls were, the first lines of a log */

static void find(struct finding *f, enum mip_verdict verdict, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void mend(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void find(struct finding *f, enum mip_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	f->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

static void mend(struct finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->mend, sizeof(f->mend), fmt, ap);
	va_end(ap);
}

/* --- the kernel --------------------------------------------------------------------------------------------------- */

static void check_kernel(const struct patient *p, struct finding *f)
{
	struct utsname u = {0};
	unsigned major = 0, minor = 0;

	(void)p;
	uname(&u);
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2 || major < 5 || (major == 5 && minor < 10))
		find(f, MIP_VERDICT_WEAK, "Linux %s is older than what was ever tried, 5.10", u.release);
	else
		find(f, MIP_VERDICT_OK, "Linux %s", u.release);
}

static void check_ipv6(const struct patient *p, struct finding *f)
{
	int off = machine_sysctl("conf/all/disable_ipv6");

	(void)p;
	find(f, MIP_VERDICT_OK, "IPv6 is on");
	if (off < 0) {
		find(f, MIP_VERDICT_BAD, "this kernel runs without IPv6");
		mend(f, "modprobe ipv6; or boot without ipv6.disable=1");
	} else if (off > 0) {
		find(f, MIP_VERDICT_BAD, "IPv6 is switched off");
		mend(f, "sysctl -w net.ipv6.conf.all.disable_ipv6=0");
	}
}

/* True when there is more to say: it does not work. */
static bool tried(int err, struct finding *f, const char *what)
{
	if (err == TRIAL_UNKNOWN)
		find(f, MIP_VERDICT_UNKNOWN, "%s: no network namespace to try it in; be root", what);
	else if (!err)
		find(f, MIP_VERDICT_OK, "%s: tried, works", what);
	return err > 0;
}

static void check_tunnel(const struct patient *p, struct finding *f)
{
	int err = p->trial.tunnel;

	if (!tried(err, f, "tunnels in the kernel (ip6_tunnel)"))
		return;
	find(f, MIP_VERDICT_WEAK, "no ip6_tunnel in the kernel (%s): the agent makes tunnels itself, slower",
		strerror(err));
	mend(f, "modprobe ip6_tunnel; or a kernel with CONFIG_IPV6_TUNNEL");
}

static void check_tun(const struct patient *p, struct finding *f)
{
	int err = p->trial.tun;

	if (!tried(err, f, "TUN devices"))
		return;
	if (err == EACCES || err == EPERM) {
		find(f, MIP_VERDICT_UNKNOWN, "TUN devices: be root to find out");
		return;
	}
	find(f, MIP_VERDICT_BAD, "no TUN device can be made: %s", strerror(err));
	mend(f, err == ENOENT ? "modprobe tun; in a container, pass /dev/net/tun in" : "a kernel with CONFIG_TUN");
}

static void check_nft(const struct patient *p, struct finding *f)
{
	int err = p->trial.ingress;

	if (!tried(err, f, "nft rules at netdev ingress"))
		return;
	find(f, MIP_VERDICT_BAD, "no nft rule can forward at netdev ingress: %s", strerror(err));
	mend(f, "modprobe -a nf_tables nft_fwd_netdev; or a kernel with CONFIG_NFT_FWD_NETDEV");
}

static void check_esp(const struct patient *p, struct finding *f)
{
	int err = p->trial.esp;

	if (!tried(err, f, "ESP"))
		return;
	find(f, MIP_VERDICT_WEAK, "no ESP in the kernel (%s): registrations cannot be protected by IPsec",
		strerror(err));
	mend(f, "modprobe -a xfrm_user esp6 echainiv drbg; or a kernel with CONFIG_INET6_ESP");
}

static void check_optimistic(const struct patient *p, struct finding *f)
{
	(void)p;
	if (machine_sysctl("conf/all/optimistic_dad") >= 0 && machine_sysctl("conf/all/use_optimistic") >= 0) {
		find(f, MIP_VERDICT_OK, "care-of addresses serve at once (optimistic DAD)");
		return;
	}
	find(f, MIP_VERDICT_WEAK, "no optimistic DAD in the kernel: each move takes a second or two longer");
	mend(f, "a kernel with CONFIG_IPV6_OPTIMISTIC_DAD");
}

/* --- who starts the agent ----------------------------------------------------------------------------------------- */

static void check_privilege(const struct patient *p, struct finding *f)
{
	(void)p;
	find(f, MIP_VERDICT_OK, "CAP_NET_ADMIN and CAP_NET_RAW are held");
	if (machine_capable(CAP_NET_ADMIN) && machine_capable(CAP_NET_RAW))
		return;
	find(f, MIP_VERDICT_BAD, "CAP_NET_ADMIN and CAP_NET_RAW are needed to start the agent");
	mend(f, "be root, or 'systemctl start mipd'");
}

/* Socket, lock and log of the agent are there. */
static void check_run_dir(const struct patient *p, struct finding *f)
{
	const char *dir = client_run_dir();
	struct statvfs fs;
	struct stat st;
	bool there = stat(dir, &st) == 0;

	(void)p;
	find(f, MIP_VERDICT_OK, "the agent's socket and log are in %s", dir);
	if (there && (!S_ISDIR(st.st_mode) || st.st_mode & 022)) {
		find(f, MIP_VERDICT_BAD, "%s is not a directory that only its owner can write", dir);
		mend(f, "chmod go-w %s", dir);
	} else if (access(there ? dir : "/run", W_OK) < 0 && getenv("MIP_RUN_DIR") == NULL) {
		find(f, errno == EACCES ? MIP_VERDICT_UNKNOWN : MIP_VERDICT_BAD, "%s cannot be written: %s", dir,
			strerror(errno));
		mend(f, "be root; or mount a file system at /run that can be written");
	} else if (statvfs(there ? dir : "/run", &fs) == 0 && fs.f_bavail * fs.f_frsize < SPACE_MIN) {
		find(f, MIP_VERDICT_BAD, "%s: no space left for the agent's socket and log", dir);
		mend(f, "df %s", dir);
	}
}

static void check_alone(const struct patient *p, struct finding *f)
{
	pid_t other = machine_process("mip6d", NULL);

	(void)p;
	find(f, MIP_VERDICT_OK, "no other Mobile IPv6 daemon runs here");
	if (!other)
		return;
	find(f, MIP_VERDICT_BAD, "another Mobile IPv6 daemon runs here: mip6d, process %d", (int)other);
	mend(f, "kill %d; 'mip import /etc/mip6d.conf' turns its configuration into commands", (int)other);
}

/* --- the home agent ----------------------------------------------------------------------------------------------- */

/* One that is not named may stand in the configuration: the agent will know. */
static void no_home_link(const struct patient *p, struct finding *f)
{
	if (p->dev) {
		find(f, MIP_VERDICT_BAD, "no interface %s", p->dev);
		mend(f, "ip -br link");
		return;
	}
	find(f, MIP_VERDICT_WEAK, "which is the home link? not exactly one interface has a global unicast address");
	mend(f, "ip -6 addr add 2001:db8:1::1/64 dev DEV; or say dev DEV");
}

static void check_home_link(const struct patient *p, struct finding *f)
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
	find(f, MIP_VERDICT_OK, "%s is up and has a global unicast address", dev);
	if (!nic.up) {
		find(f, MIP_VERDICT_BAD, "home link %s is down", dev);
		mend(f, "ip link set %s up", dev);
	} else if (!global) {
		find(f, MIP_VERDICT_BAD, "home link %s has no global unicast address", dev);
		mend(f, "ip -6 addr add 2001:db8:1::1/64 dev %s", dev);
	} else if (!usable) {
		find(f, MIP_VERDICT_WEAK, "%s: Duplicate Address Detection is not over, or found a duplicate", dev);
		mend(f, "ip -6 addr show dev %s", dev);
	}
}

static void check_forwarding(const struct patient *p, struct finding *f)
{
	char dev[IFNAMSIZ], path[64];

	machine_home_link(p->dev, dev);
	snprintf(path, sizeof(path), "conf/%s/forwarding", *dev ? dev : "all");
	find(f, MIP_VERDICT_OK, "%s forwards IPv6", *dev ? dev : "this machine");
	if (machine_sysctl(path) > 0)
		return;
	find(f, *dev ? MIP_VERDICT_BAD : MIP_VERDICT_WEAK, "%s does not forward: a home agent is a router",
		*dev ? dev : "this machine");
	mend(f, "sysctl -w net.ipv6.conf.all.forwarding=1");
}

static void check_proxy(const struct patient *p, struct finding *f)
{
	char dev[IFNAMSIZ], path[64];
	int err;

	machine_home_link(p->dev, dev);
	snprintf(path, sizeof(path), "conf/%s/proxy_ndp", *dev ? dev : "all");
	err = machine_sysctl_writable(path);
	find(f, MIP_VERDICT_OK, "home addresses can be defended by proxy Neighbor Discovery");
	if (err == EACCES || err == EPERM) {
		find(f, MIP_VERDICT_UNKNOWN, "proxy Neighbor Discovery: be root to find out");
	} else if (err) {
		find(f, MIP_VERDICT_BAD, "proxy Neighbor Discovery cannot be switched on: %s", strerror(err));
		mend(f, "mount -o remount,rw /proc/sys; in a container, let it have one that can be written");
	}
}

static void check_radvd(const struct patient *p, struct finding *f)
{
	pid_t pid = machine_process("radvd", NULL);

	(void)p;
	if (pid) {
		find(f, MIP_VERDICT_OK, "radvd runs, process %d; 'mip ha radvd' prints what it should say", (int)pid);
		return;
	}
	find(f, MIP_VERDICT_WEAK, "no radvd runs here: mobile nodes find the home link if another router announces it");
	mend(f, machine_program("radvd") ? "mip ha start radvd" : "apt install radvd; then 'mip ha start radvd'");
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

static void check_interface(const struct patient *p, struct finding *f)
{
	char name[IFNAMSIZ] = "";
	struct nic nic;
	size_t up;

	if (p->dev && machine_nic(p->dev, &nic)) {
		find(f, nic.up ? MIP_VERDICT_OK : MIP_VERDICT_WEAK, "%s is %s", p->dev, nic.up ? "up" : "down");
		if (!nic.up)
			mend(f, "ip link set %s up", p->dev);
		return;
	}
	up = count_up(name);
	if (p->dev)
		find(f, MIP_VERDICT_WEAK, "no interface %s yet", p->dev);
	else if (up)
		find(f, MIP_VERDICT_OK, "%s%s up", name, up > 1 ? " and others are" : " is");
	else
		find(f, MIP_VERDICT_WEAK, "no interface is up: the node stays detached");
	if (!up)
		mend(f, "ip link set DEV up");
}

static void check_autoconf(const struct patient *p, struct finding *f)
{
	char path[64];

	snprintf(path, sizeof(path), "conf/%s/accept_ra", p->dev ? p->dev : "default");
	find(f, MIP_VERDICT_OK, "care-of addresses are configured from Router Advertisements");
	if (machine_sysctl(path) != 0)
		return;
	find(f, MIP_VERDICT_WEAK,
		"Router Advertisements are ignored: care-of addresses must come by DHCPv6 or by hand");
	mend(f, "sysctl -w net.ipv6.conf.%s.accept_ra=1", p->dev ? p->dev : "all");
}

const struct check checks[] = {
	{"kernel", ROLE_ALL, false, check_kernel},
	{"ipv6", ROLE_ALL, false, check_ipv6},
	{"privilege", ROLE_ALL, true, check_privilege},
	{"run-directory", ROLE_ALL, true, check_run_dir},
	{"alone", ROLE_ALL, true, check_alone},
	{"tun", ROLE_ALL, true, check_tun},
	{"nft", ROLE_ALL, true, check_nft},
	{"tunnel", ROLE_HA | ROLE_MN, true, check_tunnel},
	{"esp", ROLE_HA | ROLE_MN, false, check_esp},
	{"home-link", ROLE_HA, false, check_home_link},
	{"forwarding", ROLE_HA, false, check_forwarding},
	{"proxy-nd", ROLE_HA, false, check_proxy},
	{"radvd", ROLE_HA, true, check_radvd},
	{"interface", ROLE_MN, false, check_interface},
	{"autoconf", ROLE_MN, false, check_autoconf},
	{"optimistic-dad", ROLE_MN, false, check_optimistic},
	{0},
};
