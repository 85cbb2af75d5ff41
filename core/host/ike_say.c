/*
 * ike_impl.h: commands to charon. The binding's SAs are between home address and home agent although IKE runs from the
 * care-of address (transport_proxy), and charon makes no policies. The home agent rekeys them: charon does not find
 * those of a mobile node again when the kernel says that they are old. Secrets are wiped here and when they have been
 * sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/addr.h"
#include "host/ike_impl.h"
#include "mip/attr.h"

#define FILE_MAX (16 * 1024)
#define CHILD	 "binding"

/* --- files -------------------------------------------------------------------------------------------------------- */

static int open_file(const struct ike_conf *conf, struct why *why)
{
	int fd = open(conf->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err = 0;
	uint16_t attr = conf->cert ? MIP_A_CERT : MIP_A_PSK;
	struct stat st;

	if (fd < 0)
		return why_attr(why, errno, attr, "%s: %s", conf->file, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		err = why_attr(why, EINVAL, attr, "%s is not a file", conf->file);
	else if (!conf->cert && st.st_mode & S_IRWXO)
		err = why_attr(
			why, EPERM, attr, "everybody can read the secret in %s: chmod o= %s", conf->file, conf->file);
	else if (!st.st_size || st.st_size > FILE_MAX)
		err = why_attr(why, EINVAL, attr, "%s is empty, or larger than %d octets", conf->file, FILE_MAX);
	if (!err)
		return fd;
	close(fd);
	return err;
}

int ike_check_file(const struct ike_conf *conf, struct why *why)
{
	int fd = open_file(conf, why);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* How many octets, or -errno. The end of its line is not part of a secret. */
static int read_file(const struct ike_conf *conf, uint8_t to[static FILE_MAX], struct why *why)
{
	int fd = open_file(conf, why);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, to, FILE_MAX);
	close(fd);
	while (!conf->cert && n > 0 && (to[n - 1] == '\n' || to[n - 1] == '\r'))
		n--;
	if (n <= 0)
		return why_set(why, EIO, "%s: nothing to be read", conf->file);
	return (int)n;
}

/* --- what a connection is ----------------------------------------------------------------------------------------- */

void ike_name(const struct ike_conf *conf, char name[IKE_NAME])
{
	snprintf(name, IKE_NAME, "mip-%s", addr_text(&conf->home).s);
}

/* Both show their identity in the same way: the mobile node's is said, the home agent's is its address. */
static void put_identity(struct wr *w, const struct ike_conf *conf, const char *side, const uint8_t *cert, size_t len)
{
	bool local = !strcmp(side, "local");

	vici_section(w, side);
	vici_value(w, "auth", conf->cert ? "pubkey" : "psk");
	vici_value(w, "id", local == conf->mine ? conf->id : addr_text(&conf->agent).s);
	if (local && conf->cert)
		vici_list_data(w, "certs", cert, len);
	vici_section_end(w);
}

/* The home agent does it. */
static void put_rekey(struct wr *w, const struct ike_conf *conf)
{
	char rekey[16];

	snprintf(rekey, sizeof(rekey), "%u", conf->mine ? 0 : conf->rekey);
	if (conf->mine || conf->rekey)
		vici_value(w, "rekey_time", rekey);
}

static void put_child(struct wr *w, const struct ike_conf *conf)
{
	char home[80], agent[80], reqid[16];

	snprintf(home, sizeof(home), "%s/128[135]", addr_text(&conf->home).s);
	snprintf(agent, sizeof(agent), "%s/128[135]", addr_text(&conf->agent).s);
	snprintf(reqid, sizeof(reqid), "%u", conf->reqid);
	vici_section(w, "children");
	vici_section(w, CHILD);
	vici_value(w, "mode", "transport_proxy");
	vici_value(w, "policies", "no");
	vici_value(w, "reqid", reqid);
	vici_list(w, "local_ts", conf->mine ? home : agent, NULL);
	vici_list(w, "remote_ts", conf->mine ? agent : home, NULL);
	put_rekey(w, conf);
	if (conf->mine)
		vici_value(w, "life_time", "0");
	vici_section_end(w);
	vici_section_end(w);
}

static void put_conn(struct wr *w, const struct ike_peer *p, const uint8_t *cert, size_t len)
{
	const struct ike_conf *conf = &p->conf;
	char name[IKE_NAME];

	ike_name(conf, name);
	vici_section(w, name);
	vici_value(w, "version", "2");
	vici_value(w, "mobike", "no"); /* MIGRATE moves it, with the binding and not before */
	vici_list(w, "local_addrs", addr_text(conf->mine ? &p->at : &conf->agent).s, NULL);
	if (conf->mine)
		vici_list(w, "remote_addrs", addr_text(&conf->agent).s, NULL);
	else /* a home agent that lost its keys begins, too */
		vici_list(w, "remote_addrs", p->wanted ? addr_text(&p->at).s : "%any", p->wanted ? "%any" : NULL);
	put_rekey(w, conf);
	vici_value(w, "unique", conf->mine ? "never" : "replace"); /* who lost his keys comes again */
	put_identity(w, conf, "local", cert, len);
	put_identity(w, conf, "remote", NULL, 0);
	put_child(w, conf);
	vici_section_end(w);
}

/* --- commands ----------------------------------------------------------------------------------------------------- */

static int put_file(struct wr *w, const struct ike_peer *p, enum ike_command what, struct why *why)
{
	uint8_t file[FILE_MAX];
	char name[IKE_NAME];
	int n = what == IKE_LOAD && !p->conf.cert ? 0 : read_file(&p->conf, file, why);

	if (n >= 0 && what == IKE_LOAD)
		put_conn(w, p, file, (size_t)n);
	if (n >= 0 && what == IKE_LOAD_SECRET) {
		ike_name(&p->conf, name);
		vici_value(w, "id", name);
		vici_value(w, "type", "IKE");
		vici_data(w, "data", file, (size_t)n);
		vici_list(w, "owners", p->conf.id, addr_text(&p->conf.agent).s);
	}
	explicit_bzero(file, sizeof(file));
	return n < 0 ? n : 0;
}

int ike_say(struct charon *c, const struct ike_peer *p, enum ike_command what, struct why *why)
{
	static const char *const words[] = {[IKE_END] = "terminate",
		[IKE_END_OLDER] = "terminate",
		[IKE_UNLOAD] = "unload-conn",
		[IKE_UNLOAD_SECRET] = "unload-shared",
		[IKE_LOAD_SECRET] = "load-shared",
		[IKE_LOAD] = "load-conn"};
	struct wr w = charon_begin(c, VICI_REQUEST, words[what]);
	char name[IKE_NAME], id[16];
	int err = 0;

	ike_name(&p->conf, name);
	snprintf(id, sizeof(id), "%u", p->older);
	if (what == IKE_LOAD || what == IKE_LOAD_SECRET) {
		err = put_file(&w, p, what, why);
	} else if (what == IKE_UNLOAD) {
		vici_value(&w, "name", name);
	} else if (what == IKE_UNLOAD_SECRET) {
		vici_value(&w, "id", name);
	} else {
		vici_value(&w, what == IKE_END ? "ike" : "ike-id", what == IKE_END ? name : id);
		vici_value(&w, "force", "yes");
		vici_value(&w, "timeout", "-1");
	}
	return err ?: charon_send(c, &w);
}

int ike_say_initiate(struct charon *c, const struct ike_peer *p)
{
	struct wr w = charon_begin(c, VICI_REQUEST, "initiate");
	char name[IKE_NAME];

	ike_name(&p->conf, name);
	vici_value(&w, "child", CHILD);
	vici_value(&w, "ike", name);
	vici_value(&w, "loglevel", "1");
	return charon_send(c, &w);
}
