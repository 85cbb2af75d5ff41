/*
 * radvd.h. The configuration says what RFC 6275 7 wants of a home agent's advertisements: H bit (7.1), its global
 * address in the Prefix Information option (R bit, 7.2), Advertisement Interval (7.3), Home Agent Information (7.4),
 * and an interval short enough to notice coming home (7.5).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/machine.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/out.h"
#include "cmd/radvd.h"
#include "cmd/record.h"
#include "cmd/run.h"
#include "cmd/walk.h"

#define LINKS_MAX 16
#define STOP_MS	  5000 /* radvd says goodbye on each link first */

struct links {
	char name[LINKS_MAX][IFNAMSIZ];
	size_t n;
	int32_t preference; /* of the home agent among others (RFC 6275 7.4) */
};

struct files {
	char conf[192], log[192], pid[192];
};

/* --- which links -------------------------------------------------------------------------------------------------- */

static int take_links(void *ctx, const struct nlmsghdr *msg)
{
	struct links *l = ctx;
	const struct nlattr *at;

	mnl_attr_for_each (at, msg, 0) {
		if (at->nla_type == MIP_A_DEV && record_known(at) && l->n < LINKS_MAX)
			snprintf(l->name[l->n++], IFNAMSIZ, "%.15s", mnl_attr_get_str(at));
		if (at->nla_type == MIP_A_PREFERENCE && record_known(at))
			l->preference = (int32_t)mnl_attr_get_u32(at);
	}
	return DONE;
}

/* The one named, else those the home agent serves, else the one it would serve. */
static bool find_links(const struct call *call, struct links *l)
{
	const struct value *dev = call_value(call, MIP_A_DEV);
	struct refusal no;
	struct request rq;

	*l = (struct links){0};
	if (client_connect() == DONE) {
		request_open(&rq, MIP_HA_GET);
		client_ask(&rq, take_links, l, &no);
	}
	if (dev || !l->n)
		l->n = machine_home_link(dev ? dev->word : NULL, l->name[0]);
	if (!l->n && dev)
		complain("no interface %s", dev->word);
	else if (!l->n)
		complain("not exactly one interface has a global unicast address: say which is the home link with dev");
	return l->n > 0;
}

/* --- the configuration -------------------------------------------------------------------------------------------- */

/* A prefix that hosts can make addresses of by themselves is 64 bits long (RFC 4862 5.5.3 d). */
static void write_prefix(FILE *to, const struct nic_addr *a)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET6, &a->addr, text, sizeof(text));
	fprintf(to, "\tprefix %s/%u {\n\t\tAdvRouterAddr on;\n%s\t};\n", text, a->plen,
		a->plen == 64 ? "" : "\t\tAdvAutonomous off;\n");
}

/* radvd leaves Home Agent Information out when it says nothing new: its lifetime must not be the router's. A
 * preference below zero it reads as what goes on the wire, 65536 more. */
static void write_link(FILE *to, const char *dev, int32_t preference, const struct nic_addr *list, size_t n)
{
	fprintf(to, "interface %s {\n\tAdvSendAdvert on;\n\tAdvHomeAgentFlag on;\n\tAdvHomeAgentInfo on;\n", dev);
	fprintf(to, "\tHomeAgentLifetime 3600;\n\tHomeAgentPreference %u;\n", (uint16_t)preference);
	fputs("\tAdvIntervalOpt on;\n\tAdvDefaultLifetime 1800;\n"
	      "\tMinRtrAdvInterval 1;\n\tMaxRtrAdvInterval 3;\n\tMinDelayBetweenRAs 0.03;\n",
		to);
	for (size_t i = 0; i < n; i++)
		write_prefix(to, &list[i]);
	fputs("};\n", to);
}

/* The addresses of that link a home agent is reached at; how many. */
static size_t link_addrs(const char *dev, struct nic_addr list[256])
{
	size_t n = machine_addrs(list, 256), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (list[i].routable && list[i].usable && list[i].plen < 128 && !strcmp(list[i].dev, dev))
			list[kept++] = list[i];
	return kept;
}

static bool is_alone(const char *dev)
{
	struct nic nic;

	return machine_nic(dev, &nic) && nic.alone;
}

static int write_links(FILE *to, const struct links *l)
{
	struct nic_addr list[256];

	for (size_t i = 0; i < l->n; i++)
		if (!link_addrs(l->name[i], list)) {
			complain("home link %s has no global unicast address", l->name[i]);
			return REFUSED;
		}
	fputs("# What mip-ha(8) wants radvd to say on the home link.\n", to);
	for (size_t i = 0; i < l->n; i++)
		if (is_alone(l->name[i]))
			fprintf(to, "# %s has no neighbours to announce anything to: a virtual home link\n",
				l->name[i]);
		else
			write_link(to, l->name[i], l->preference, list, link_addrs(l->name[i], list));
	return DONE;
}

static void clear_host_bits(uint8_t *prefix)
{
	for (unsigned bit = prefix[16]; bit < 128; bit++)
		prefix[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

/* One record a prefix. */
static int print_links(const struct links *l)
{
	struct nic_addr list[256];
	uint8_t prefix[17];
	int err = DONE, closed;

	out_open(OUT_LIST, NULL, false);
	for (size_t i = 0; i < l->n; i++) {
		size_t n = link_addrs(l->name[i], list);

		for (size_t k = 0; k < n && !err; k++) {
			memcpy(prefix, &list[k].addr, 16);
			prefix[16] = (uint8_t)list[k].plen;
			clear_host_bits(prefix);
			out_begin();
			out_put_str(MIP_A_DEV, l->name[i]);
			out_put(MIP_A_ADDRESS, &list[k].addr, 16);
			out_put(MIP_A_PREFIX, prefix, sizeof(prefix));
			err = out_end();
		}
	}
	closed = out_close();
	return err ? err : closed;
}

int run_ha_radvd(const struct call *call)
{
	struct links l;
	int err = netns_go();

	if (err)
		return err;
	if (!find_links(call, &l))
		return REFUSED;
	return opt.json ? print_links(&l) : write_links(stdout, &l);
}

/* --- the process -------------------------------------------------------------------------------------------------- */

/* A directory beside the agent's: that one may belong to an account that must not lead root astray. */
static void dir_name(char *buf, size_t size)
{
	snprintf(buf, size, "%s.radvd", client_run_dir());
}

static bool name_files(struct files *f)
{
	unsigned long long inode = netns_inode(NULL);
	char dir[128];

	dir_name(dir, sizeof(dir));
	snprintf(f->conf, sizeof(f->conf), "%s/%llu.conf", dir, inode);
	snprintf(f->log, sizeof(f->log), "%s/%llu.log", dir, inode);
	snprintf(f->pid, sizeof(f->pid), "%s/%llu.pid", dir, inode);
	return inode != 0;
}

static int create(const char *path)
{
	char dir[128];
	int fd;

	dir_name(dir, sizeof(dir));
	mkdir(dir, 0755);
	unlink(path);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		complain("cannot write %s: %s", path, strerror(errno));
	return fd;
}

static void remove_files(const struct files *f)
{
	char dir[128];

	unlink(f->conf);
	unlink(f->log);
	unlink(f->pid);
	dir_name(dir, sizeof(dir));
	rmdir(dir); /* unless another namespace has files there */
}

static int write_config(const struct links *l, const char *path)
{
	int fd = create(path), err;
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f)
		return REFUSED;
	err = write_links(f, l);
	if (fclose(f) && !err) {
		complain("cannot write %s: %s", path, strerror(errno));
		err = REFUSED;
	}
	return err;
}

/* In the child, from fork to exec. Whether the configuration is right, or for good with its output in `log`. */
static void become_radvd(const struct files *f, int log, bool test)
{
	const char *const args[] = {"radvd", "-C", f->conf, test ? "-c" : "-n", "-m", "stderr", "-p", f->pid, NULL};
	int null = open("/dev/null", O_RDWR);

	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(log, STDERR_FILENO);
	if (!test)
		setsid();
	execvp("radvd", (char *const *)args);
	execv("/usr/sbin/radvd", (char *const *)args);
	dprintf(STDERR_FILENO, "cannot run radvd: %s\n", strerror(errno));
	_exit(127);
}

static pid_t spawn(const struct files *f, int log, bool test)
{
	pid_t pid = fork();

	if (pid == 0)
		become_radvd(f, log, test);
	if (pid < 0)
		complain("cannot fork: %s", strerror(errno));
	return pid;
}

static void pass_on(int log)
{
	char buf[2048];
	ssize_t n = pread(log, buf, sizeof(buf), 0);

	if (n > 0)
		fwrite(buf, 1, (size_t)n, stderr);
}

/* radvd says itself what it does not like of its configuration, before it is left alone with it. */
static int launch(const struct files *f)
{
	int log = create(f->log), status = -1;
	pid_t pid;

	if (log < 0)
		return REFUSED;
	pid = spawn(f, log, true);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && status == 0)
		pid = spawn(f, log, false);
	else
		pass_on(log);
	close(log);
	if (pid > 0 && status == 0)
		return DONE;
	complain("radvd did not start");
	return REFUSED;
}

int radvd_start(const struct call *call)
{
	pid_t ours, any;
	struct files f;
	struct links l;
	int err;

	if (netns_go() || !find_links(call, &l) || !name_files(&f))
		return REFUSED;
	ours = machine_process("radvd", f.conf);
	any = machine_process("radvd", NULL);
	if (any && !ours) {
		fprintf(stderr, "radvd runs here already, process %d: see that it says what 'mip ha radvd' prints\n",
			(int)any);
		return DONE;
	}
	err = write_config(&l, f.conf);
	if (err || !ours)
		return err ? err : launch(&f);
	if (kill(ours, SIGHUP) == 0)
		return DONE;
	complain("radvd, process %d: %s", (int)ours, strerror(errno));
	return REFUSED;
}

static bool end(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = {.fd = fd, .events = POLLIN};
	bool gone = kill(pid, SIGTERM) < 0 && errno == ESRCH;

	gone = gone || (fd >= 0 && poll(&p, 1, STOP_MS) == 1);
	if (fd >= 0)
		close(fd);
	return gone;
}

int radvd_stop(void)
{
	struct files f;
	pid_t ours;

	if (netns_go() || !name_files(&f))
		return REFUSED;
	ours = machine_process("radvd", f.conf);
	if (ours && !end(ours)) {
		complain("radvd does not end, process %d", (int)ours);
		return REFUSED;
	}
	remove_files(&f);
	return DONE;
}

int run_ha_stop(const struct call *call)
{
	int err = run_generic(call);

	return err ? err : radvd_stop();
}
