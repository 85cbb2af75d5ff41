/*
 * The checks of `mip doctor`; those of the links are in checks_role.c. A check says "bad" only of what the agent would
 * refuse for, or what keeps the role from working at all. It reads; it changes nothing.
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

#include "cmd/checks.h"
#include "cmd/client.h"
#include "cmd/ipsec.h"
#include "cmd/machine.h"
#include "cmd/mip.h"

#define SPACE_MIN (1 << 16) /* bytes: socket, lock, what sysctls were, the first lines of a log */

void found(struct finding *f, enum mip_verdict verdict, const char *fmt, ...)
{
	va_list ap;

	f->verdict = verdict;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

void mend(struct finding *f, const char *fmt, ...)
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
		found(f, MIP_VERDICT_WEAK, "Linux %s is older than what was ever tried, 5.10", u.release);
	else
		found(f, MIP_VERDICT_OK, "Linux %s", u.release);
}

static void check_ipv6(const struct patient *p, struct finding *f)
{
	int off = machine_sysctl("conf/all/disable_ipv6");

	(void)p;
	found(f, MIP_VERDICT_OK, "IPv6 is on");
	if (off < 0) {
		found(f, MIP_VERDICT_BAD, "this kernel runs without IPv6");
		mend(f, "modprobe ipv6; or boot without ipv6.disable=1");
	} else if (off > 0) {
		found(f, MIP_VERDICT_BAD, "IPv6 is switched off");
		mend(f, "sysctl -w net.ipv6.conf.all.disable_ipv6=0");
	}
}

/* True when there is more to say: it does not work. */
static bool tried(int err, struct finding *f, const char *what)
{
	if (err == TRIAL_UNKNOWN)
		found(f, MIP_VERDICT_UNKNOWN, "%s: no network namespace to try it in; be root", what);
	else if (!err)
		found(f, MIP_VERDICT_OK, "%s: tried, works", what);
	return err > 0;
}

static void check_tunnel(const struct patient *p, struct finding *f)
{
	int err = p->trial.tunnel;

	if (!tried(err, f, "tunnels in the kernel (ip6_tunnel)"))
		return;
	found(f, MIP_VERDICT_WEAK, "no ip6_tunnel in the kernel (%s): the agent makes tunnels itself, slower",
		strerror(err));
	mend(f, "modprobe ip6_tunnel; or a kernel with CONFIG_IPV6_TUNNEL");
}

static void check_tun(const struct patient *p, struct finding *f)
{
	int err = p->trial.tun;

	if (!tried(err, f, "TUN devices"))
		return;
	if (err == EACCES || err == EPERM) {
		found(f, MIP_VERDICT_UNKNOWN, "TUN devices: be root to find out");
		return;
	}
	found(f, MIP_VERDICT_BAD, "no TUN device can be made: %s", strerror(err));
	mend(f, err == ENOENT ? "modprobe tun; in a container, pass /dev/net/tun in" : "a kernel with CONFIG_TUN");
}

static void check_nft(const struct patient *p, struct finding *f)
{
	int err = p->trial.ingress;

	if (!tried(err, f, "nft rules at netdev ingress"))
		return;
	found(f, MIP_VERDICT_BAD, "no nft rule can forward at netdev ingress: %s", strerror(err));
	mend(f, "modprobe -a nf_tables nft_fwd_netdev; or a kernel with CONFIG_NFT_FWD_NETDEV");
}

static void check_esp(const struct patient *p, struct finding *f)
{
	int err = p->trial.esp;

	if (!tried(err, f, "ESP"))
		return;
	found(f, MIP_VERDICT_WEAK, "no ESP in the kernel (%s): registrations cannot be protected by IPsec",
		strerror(err));
	mend(f, "modprobe -a xfrm_user esp6 echainiv drbg; or a kernel with CONFIG_INET6_ESP");
}

static void check_optimistic(const struct patient *p, struct finding *f)
{
	(void)p;
	if (machine_sysctl("conf/all/optimistic_dad") >= 0 && machine_sysctl("conf/all/use_optimistic") >= 0) {
		found(f, MIP_VERDICT_OK, "care-of addresses serve at once (optimistic DAD)");
		return;
	}
	found(f, MIP_VERDICT_WEAK, "no optimistic DAD in the kernel: each move takes a second or two longer");
	mend(f, "a kernel with CONFIG_IPV6_OPTIMISTIC_DAD");
}

/* --- who starts the agent ----------------------------------------------------------------------------------------- */

static void check_privilege(const struct patient *p, struct finding *f)
{
	(void)p;
	found(f, MIP_VERDICT_OK, "CAP_NET_ADMIN and CAP_NET_RAW are held");
	if (machine_capable(CAP_NET_ADMIN) && machine_capable(CAP_NET_RAW))
		return;
	found(f, MIP_VERDICT_BAD, "CAP_NET_ADMIN and CAP_NET_RAW are needed to start the agent");
	mend(f, "be root, or 'systemctl start mipd'");
}

/* Socket and lock of the agent are there. */
static void check_run_dir(const struct patient *p, struct finding *f)
{
	const char *dir = client_run_dir();
	struct statvfs fs;
	struct stat st;
	bool there = stat(dir, &st) == 0;

	(void)p;
	found(f, MIP_VERDICT_OK, "the agent's socket is in %s", dir);
	if (there && (!S_ISDIR(st.st_mode) || st.st_mode & 022)) {
		found(f, MIP_VERDICT_BAD, "%s is not a directory that only its owner can write", dir);
		mend(f, "chmod go-w %s", dir);
	} else if (access(there ? dir : "/run", W_OK) < 0 && getenv("MIP_RUN_DIR") == NULL) {
		found(f, errno == EACCES ? MIP_VERDICT_UNKNOWN : MIP_VERDICT_BAD, "%s cannot be written: %s", dir,
			strerror(errno));
		mend(f, "be root; or mount a file system at /run that can be written");
	} else if (statvfs(there ? dir : "/run", &fs) == 0 && fs.f_bavail * fs.f_frsize < SPACE_MIN) {
		found(f, MIP_VERDICT_BAD, "%s: no space left for the agent's socket and log", dir);
		mend(f, "df %s", dir);
	}
}

static void check_log(const struct patient *p, struct finding *f)
{
	char log[CLIENT_LOG_MAX];
	struct stat st;

	(void)p;
	if (!client_log_name(log)) {
		found(f, MIP_VERDICT_WEAK, "the log has no name that fits");
		return;
	}
	found(f, MIP_VERDICT_OK, "an agent started here logs to %s", log);
	if (lstat(log, &st) < 0)
		return; /* made with the socket */
	if (!S_ISREG(st.st_mode)) {
		found(f, MIP_VERDICT_WEAK, "%s is no file: the agent writes to the terminal it is started from", log);
		mend(f, "rm %s", log);
	} else if (access(log, W_OK) < 0) {
		found(f, errno == EACCES ? MIP_VERDICT_UNKNOWN : MIP_VERDICT_WEAK, "the log %s: %s", log,
			strerror(errno));
		mend(f, "be root");
	}
}

/* The first protection that is not whole, in words. */
static char gap[200];
static size_t protections;

static int take_protection(const char *home, const char *protect, bool good, const char *text)
{
	protections++;
	if (!good && !*gap)
		snprintf(gap, sizeof(gap), "%s %s: %s", home, protect, text);
	return DONE;
}

static void check_ipsec(const struct patient *p, struct finding *f)
{
	struct request rq;
	struct refusal no;

	(void)p;
	*gap = 0;
	protections = 0;
	request_open(&rq, MIP_IPSEC_GET);
	if (client_connect() != DONE || ipsec_survey(&rq, take_protection, &no) != DONE) {
		found(f, MIP_VERDICT_UNKNOWN, "security associations: no agent to ask");
		return;
	}
	found(f, MIP_VERDICT_OK,
		protections ? "%zu protections, each with its security associations" : "IPsec protects nothing",
		protections);
	if (!*gap)
		return;
	found(f, MIP_VERDICT_WEAK, "%s", gap);
	mend(f, "mip ipsec check");
}

static void check_alone(const struct patient *p, struct finding *f)
{
	pid_t other = machine_process("mip6d", NULL);

	(void)p;
	found(f, MIP_VERDICT_OK, "no other Mobile IPv6 daemon runs here");
	if (!other)
		return;
	found(f, MIP_VERDICT_BAD, "another Mobile IPv6 daemon runs here: mip6d, process %d", (int)other);
	mend(f, "kill %d; 'mip import /etc/mip6d.conf' turns its configuration into commands", (int)other);
}

const struct check checks[] = {
	{"kernel", ROLE_ALL, ALWAYS, check_kernel},
	{"ipv6", ROLE_ALL, ALWAYS, check_ipv6},
	{"privilege", ROLE_ALL, TO_START, check_privilege},
	{"run-directory", ROLE_ALL, TO_START, check_run_dir},
	{"log", ROLE_ALL, TO_START, check_log},
	{"alone", ROLE_ALL, TO_START, check_alone},
	{"tun", ROLE_ALL, TO_START, check_tun},
	{"nft", ROLE_ALL, TO_START, check_nft},
	{"tunnel", ROLE_HA | ROLE_MN, TO_START, check_tunnel},
	{"esp", ROLE_HA | ROLE_MN, ALWAYS, check_esp},
	{"home-link", ROLE_HA, ALWAYS, check_home_link},
	{"forwarding", ROLE_HA, ALWAYS, check_forwarding},
	{"proxy-nd", ROLE_HA, ALWAYS, check_proxy},
	{"radvd", ROLE_HA, SERVING, check_radvd},
	{"cell", ROLE_HA, SERVING, check_cell},
	{"interface", ROLE_MN, ALWAYS, check_interface},
	{"autoconf", ROLE_MN, ALWAYS, check_autoconf},
	{"optimistic-dad", ROLE_MN, ALWAYS, check_optimistic},
	{"ipsec", ROLE_HA | ROLE_MN, SERVING, check_ipsec},
	{0},
};
