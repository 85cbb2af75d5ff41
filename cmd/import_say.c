/* import.h: the commands, in the order a configuration wants them: the mobile node starts last, with all it needs. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/fault.h"
#include "cmd/import.h"
#include "cmd/mip.h"
#include "cmd/out.h"

#define LIFETIME_MAX (65534 * 4) /* RFC 6275 6.1.7: 65535 units would mean infinity */

struct text {
	char s[INET6_ADDRSTRLEN];
};

static struct text text_of(const struct in6_addr *a)
{
	struct text t;

	inet_ntop(AF_INET6, a, t.s, sizeof(t.s));
	return t;
}

static struct text prefix_of(const struct in6_addr *a, unsigned plen)
{
	struct in6_addr p = *a;

	for (unsigned bit = plen; bit < 128; bit++)
		p.s6_addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return text_of(&p);
}

static bool said(const struct in6_addr *a)
{
	return memcmp(a, &in6addr_any, sizeof(*a)) != 0;
}

static uint32_t lifetime(uint32_t seconds)
{
	return seconds < LIFETIME_MAX ? seconds : LIFETIME_MAX;
}

static bool is_for(const struct umip *u, const struct umip_nic *nic, enum umip_role role)
{
	return (nic->has_role ? nic->role : u->role) == role;
}

/* The interfaces that are used for that role; `to` is one of them. */
static size_t nics_for(const struct umip *u, enum umip_role role, const struct umip_nic **to)
{
	size_t n = 0;

	for (size_t i = 0; i < u->nics; i++) {
		if (!is_for(u, &u->nic[i], role) || !u->nic[i].preference)
			continue;
		n++;
		*to = &u->nic[i];
	}
	return n;
}

static void say_dev(const struct umip *u, enum umip_role role, FILE *to)
{
	const struct umip_nic *nic = NULL;

	if (nics_for(u, role, &nic) == 1)
		fprintf(to, " dev %s", nic->name);
}

static void note_nics(const struct umip *u, FILE *to)
{
	const struct umip_nic *nic = NULL;

	if (nics_for(u, UMIP_HA, &nic) > 1)
		fputs("# Several interfaces: say with dev which is the home link.\n", to);
}

/* The least preferred there as here are those with the highest number, 0 is never, and 5 unless said. */
static void say_use(const struct umip *u, FILE *to)
{
	bool any = false;

	for (size_t i = 0; i < u->nics; i++) {
		const struct umip_nic *nic = &u->nic[i];
		bool mine = is_for(u, nic, UMIP_MN);

		if (!mine && !u->all_nics)
			continue;
		any = true;
		fprintf(to, "mn use dev %s preference %u\n", nic->name, mine ? nic->preference : 0);
	}
	if (any && u->all_nics)
		fputs("mn use dev any\n", to);
}

/* One interface and nothing more to say of it stands in `mn start`. */
static bool is_simple(const struct umip *u)
{
	const struct umip_nic *nic = NULL;

	return !u->all_nics && nics_for(u, UMIP_MN, &nic) == 1 && nic->preference == UMIP_PREFERENCE;
}

static void say_who(const struct umip *u, FILE *to)
{
	if (u->deny_others)
		fputs("acl deny ::/0\n", to);
	for (size_t i = 0; i < u->acls; i++)
		fprintf(to, "acl %s %s/128\n", u->acl[i].yes ? "allow" : "deny", text_of(&u->acl[i].addr).s);
}

static void say_ha(const struct umip *u, FILE *to)
{
	note_nics(u, to);
	if (u->ipsec)
		fputs("# UseMnHaIPsec: who is not protected by IPsec may not register.\n", to);
	say_who(u, to);
	fputs("ha start", to);
	say_dev(u, UMIP_HA, to);
	if (u->ha_lifetime)
		fprintf(to, " max-lifetime %u", lifetime(u->ha_lifetime));
	if (!u->ipsec)
		fputs(" insecure", to);
	fputc('\n', to);
}

static void say_home(const struct umip *u, const struct umip_home *h, FILE *to)
{
	if (!said(&h->home)) {
		fprintf(to, "# MnHomeLink (line %d) has no HomeAddress: no equivalent\n", h->line);
		return;
	}
	fprintf(to, "mn add home %s prefix %s/%u", text_of(&h->home).s, prefix_of(&h->home, h->plen).s, h->plen);
	if (said(&h->agent))
		fprintf(to, " agent %s", text_of(&h->agent).s);
	if (u->mn_lifetime)
		fprintf(to, " lifetime %u", lifetime(u->mn_lifetime));
	fputc('\n', to);
}

/* Of several for one peer the last counts, as it does there. */
static bool said_later(const struct umip *u, size_t i)
{
	for (size_t k = i + 1; k < u->peers; k++)
		if (u->peer[k].plen == u->peer[i].plen && !memcmp(&u->peer[k].addr, &u->peer[i].addr, 16))
			return true;
	return false;
}

static void say_mn(const struct umip *u, FILE *to)
{
	bool all = false;

	for (size_t i = 0; i < u->peers; i++) {
		all |= u->peer[i].plen == 0;
		if (!said_later(u, i))
			fprintf(to, "ro add peer %s/%u policy %s\n", text_of(&u->peer[i].addr).s, u->peer[i].plen,
				u->peer[i].yes && u->optimize_mn ? "auto" : "never");
	}
	if (!u->optimize_mn && !all)
		fputs("ro add peer ::/0 policy never\n", to);
	for (size_t i = 0; i < u->homes; i++)
		say_home(u, &u->home[i], to);
	if (!is_simple(u))
		say_use(u, to);
	fputs("mn start", to);
	if (is_simple(u))
		say_dev(u, UMIP_MN, to);
	fputc('\n', to);
}

/* mip6d.conf has the policies; the keys were in another program's file. */
static void say_ipsec(const struct umip *u, FILE *to)
{
	for (size_t i = 0; i < u->sas; i++)
		fprintf(to, "# IPsecPolicySet of %s with home agent %s: %s\n", text_of(&u->sa[i].addr).s,
			text_of(&u->sa_agent[i]).s, u->ipsec ? "its keys are not in this file" : "not in use");
}

/* A line a record: what is a comment there is a message here. */
static int say_json(char *text)
{
	char *save, *line = strtok_r(text, "\n", &save);
	int err = DONE, closed;

	out_open(OUT_LIST, NULL, false);
	for (; line && !err; line = strtok_r(NULL, "\n", &save)) {
		out_begin();
		if (*line == '#')
			out_put_str(MIP_A_MESSAGE, line + 2);
		else
			out_put_str(MIP_A_COMMAND, line);
		err = out_end();
	}
	closed = out_close();
	return err ? err : closed;
}

/* Nothing is written of a file with something wrong in it. */
int run_import(const struct call *call)
{
	static struct umip u;
	char *notes = NULL, *text = NULL;
	size_t len;
	FILE *to;
	int err;

	import_init(&u);
	u.follow = true;
	u.faults = stderr;
	u.notes = open_memstream(&notes, &len);
	to = open_memstream(&text, &len);
	if (!u.notes || !to) {
		complain("out of memory");
		return REFUSED;
	}
	import_file(&u, call_value(call, W_FILE)->word);
	fclose(u.notes);
	import_say(&u, notes, to);
	fclose(to);
	err = u.errors ? WORDS : opt.json ? say_json(text) : (fputs(text, stdout), DONE);
	free(notes);
	free(text);
	return err;
}

void import_init(struct umip *u)
{
	*u = (struct umip){.ipsec = true, .optimize_cn = true, .optimize_mn = true};
}

void import_say(const struct umip *u, const char *notes, FILE *to)
{
	static const char *const names[] = {"correspondent node", "home agent", "mobile node"};

	fprintf(to, "# A %s, from a mip6d.conf.\n", names[u->role]);
	fputs(notes, to);
	say_ipsec(u, to);
	if (u->optimize_cn)
		fputs("cn start\n", to);
	if (u->role == UMIP_HA)
		say_ha(u, to);
	if (u->role == UMIP_MN)
		say_mn(u, to);
}
