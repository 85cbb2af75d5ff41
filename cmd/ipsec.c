/*
 * The object `ipsec`, as far as its rows cannot say it: `gen` makes new keys, `check` looks whether each protection is
 * there both ways.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/ipsec.h"
#include "cmd/keys.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/record.h"
#include "cmd/run.h"
#include "mip/types.h"

#define ONES_MAX 256 /* protections `check` looks at */

/* --- gen ---------------------------------------------------------------------------------------------------------- */

/* Octets of key, with salt. */
static const uint8_t cipher_octets[] = {[MIP_AES_CBC] = 32, [MIP_AES_GCM] = 36, [MIP_3DES_CBC] = 24};
static const uint8_t auth_octets[] = {
	[MIP_HMAC_SHA256] = 32, [MIP_HMAC_SHA384] = 48, [MIP_HMAC_SHA512] = 64, [MIP_HMAC_SHA1] = 20};

static uint32_t number_or(const struct call *call, unsigned attr, uint32_t fallback)
{
	const struct value *v = call_value(call, attr);

	if (v)
		memcpy(&fallback, v->bytes, sizeof(fallback));
	return fallback;
}

struct sa_words {
	const struct call *call;
	uint32_t protect, towards;
};

static bool print_sa(FILE *to, const void *what)
{
	const struct sa_words *words = what;
	const struct call *call = words->call;
	uint32_t cipher = number_or(call, MIP_A_CIPHER, MIP_AES_CBC),
		 auth = number_or(call, MIP_A_AUTH, MIP_HMAC_SHA256);
	uint32_t spi;

	if (!keys_spi(&spi))
		return false;
	fprintf(to, "ipsec add home %s agent %s protect %s spi %u to %s cipher %s", call_value(call, MIP_A_HOME)->word,
		call_value(call, MIP_A_AGENT)->word, kind_choice(MIP_K_PROTECT, words->protect - 1), spi,
		kind_choice(MIP_K_TOWARDS, words->towards - 1), kind_choice(MIP_K_CIPHER, cipher - 1));
	if (!keys_print(to, "key", cipher_octets[cipher]))
		return false;
	if (cipher != MIP_AES_GCM)
		fprintf(to, " auth %s", kind_choice(MIP_K_AUTH, auth - 1));
	return cipher == MIP_AES_GCM || keys_print(to, "auth-key", auth_octets[auth]);
}

/* Both directions of each protection. The list is the same for both sides. */
int run_ipsec_gen(const struct call *call)
{
	uint32_t from = number_or(call, MIP_A_PROTECT, MIP_PROTECT_BINDING);
	uint32_t to = number_or(call, MIP_A_PROTECT, MIP_PROTECT_PAYLOAD);

	if (!keys_go_unseen())
		return REFUSED;
	if (number_or(call, MIP_A_CIPHER, MIP_AES_CBC) == MIP_AES_GCM)
		fprintf(stderr,
			"mip: aes-gcm must never use a number twice with one key, and one set by hand starts again "
			"when the agent does: make new keys then, or take aes-cbc\n");
	if (opt.json)
		out_open(OUT_LIST, NULL, false);
	for (uint32_t protect = from; protect <= to; protect++)
		for (uint32_t towards = MIP_TO_AGENT; towards <= MIP_TO_HOME; towards++)
			if (!keys_command(print_sa, &(struct sa_words){call, protect, towards}))
				return REFUSED;
	return opt.json ? out_close() : DONE;
}

/* --- check -------------------------------------------------------------------------------------------------------- */

/* One protection of a home address: by enum mip_towards, how many SAs there are, and what they did. */
struct one {
	char home[INET6_ADDRSTRLEN], protect[16];
	unsigned sas[3], installed[3];
	uint64_t packets[3], failed;
	bool ike;
	char waits[200], refused[200];
};

struct ones {
	struct one one[ONES_MAX];
	size_t n;
};

static uint64_t value_of(const struct nlmsghdr *msg, unsigned attr)
{
	char text[32];
	unsigned long long v = 0;

	record_print(msg, attr, text, sizeof(text));
	return sscanf(text, "%llu", &v) == 1 ? v : strcmp(text, "yes") == 0;
}

static int take_sa(void *ctx, const struct nlmsghdr *msg)
{
	struct ones *all = ctx;
	char home[INET6_ADDRSTRLEN], protect[16], to[16];
	struct one *o;
	int way;

	record_print(msg, MIP_A_HOME, home, sizeof(home));
	record_print(msg, MIP_A_PROTECT, protect, sizeof(protect));
	record_print(msg, MIP_A_TOWARDS, to, sizeof(to));
	way = strcmp(to, "agent") == 0 ? MIP_TO_AGENT : MIP_TO_HOME;
	for (o = all->one; o < all->one + all->n; o++)
		if (!strcmp(o->home, home) && !strcmp(o->protect, protect))
			break;
	if (o == all->one + ONES_MAX)
		return DONE;
	if (o == all->one + all->n) {
		all->n++;
		memcpy(o->home, home, sizeof(home));
		memcpy(o->protect, protect, sizeof(protect));
	}
	o->ike = record_find(msg, MIP_A_IKE);
	record_print(msg, MIP_A_WAITS, o->waits, sizeof(o->waits));
	record_print(msg, MIP_A_IKE_REFUSED, o->refused, sizeof(o->refused));
	o->sas[way]++;
	o->installed[way] += value_of(msg, MIP_A_INSTALLED) != 0;
	o->packets[way] += value_of(msg, MIP_A_PACKETS);
	o->failed += value_of(msg, MIP_A_FAILED);
	return DONE;
}

/* Not installed is right for a tunnel while the mobile node is at home, and for keys that nobody needed yet; failures
 * may be somebody else's doing. */
static bool is_good(const struct one *o)
{
	bool tunnel = !strcmp(o->protect, "test") || !strcmp(o->protect, "payload");

	if (o->ike)
		return !*o->waits;
	return o->sas[MIP_TO_AGENT] && o->sas[MIP_TO_HOME] &&
	       (tunnel || (o->installed[MIP_TO_AGENT] && o->installed[MIP_TO_HOME]));
}

static void describe(const struct one *o, char *text, size_t size)
{
	bool tunnel = !strcmp(o->protect, "test") || !strcmp(o->protect, "payload");
	size_t at;

	if (*o->waits)
		snprintf(text, size, "%s", o->waits);
	else if (o->ike && (!o->installed[MIP_TO_AGENT] || !o->installed[MIP_TO_HOME]))
		snprintf(text, size, "no keys yet: they are negotiated when the mobile node registers from away%s%s",
			*o->refused ? "; refused " : "", o->refused);
	else if (!o->sas[MIP_TO_AGENT] || !o->sas[MIP_TO_HOME])
		snprintf(text, size, "no security association to the %s",
			o->sas[MIP_TO_AGENT] ? "mobile node" : "home agent");
	else if (!o->installed[MIP_TO_AGENT] || !o->installed[MIP_TO_HOME])
		snprintf(text, size, "not in the kernel%s",
			tunnel ? ": at home there is no tunnel"
			       : ": no role runs that uses it, or somebody took it out");
	else if (!o->packets[MIP_TO_AGENT] || !o->packets[MIP_TO_HOME])
		snprintf(text, size, "there, no packets %s yet",
			o->packets[MIP_TO_AGENT]  ? "to the mobile node"
			: o->packets[MIP_TO_HOME] ? "to the home agent"
						  : "either way");
	else
		snprintf(text, size, "in use, %llu packets to the home agent, %llu to the mobile node",
			(unsigned long long)o->packets[MIP_TO_AGENT], (unsigned long long)o->packets[MIP_TO_HOME]);
	at = strlen(text);
	if (o->failed)
		snprintf(text + at, size - at, ", %llu failed the integrity check", (unsigned long long)o->failed);
}

int ipsec_survey(struct request *rq, ipsec_each_fn each, struct refusal *no)
{
	struct ones all = {.n = 0};
	char text[320];
	int err = client_ask(rq, take_sa, &all, no);

	for (size_t i = 0; i < all.n && !err; i++) {
		describe(&all.one[i], text, sizeof(text));
		err = each(all.one[i].home, all.one[i].protect, is_good(&all.one[i]), text);
	}
	return err;
}

static struct {
	size_t n, bad;
} checked;

static int print_one(const char *home, const char *protect, bool good, const char *text)
{
	uint32_t verdict = good ? MIP_VERDICT_OK : MIP_VERDICT_BAD, what = 0;
	struct in6_addr addr;

	checked.n++;
	checked.bad += !good;
	if (!opt.json) {
		printf("%s %s: %s\n", home, protect, text);
		return DONE;
	}
	while (strcmp(kind_choice(MIP_K_PROTECT, what), protect) != 0)
		what++;
	what++;
	inet_pton(AF_INET6, home, &addr);
	out_begin();
	out_put(MIP_A_HOME, &addr, sizeof(addr));
	out_put(MIP_A_PROTECT, &what, sizeof(what));
	out_put(MIP_A_VERDICT, &verdict, sizeof(verdict));
	out_put_str(MIP_A_MESSAGE, text);
	return out_end();
}

int run_ipsec_check(const struct call *call)
{
	struct request rq;
	struct refusal no = {0};
	int err = client_need(call->verb->object), closed = DONE;

	if (err)
		return err;
	checked.n = checked.bad = 0;
	request_put_call(&rq, call);
	if (opt.json)
		out_open(OUT_LIST, NULL, false);
	err = ipsec_survey(&rq, print_one, &no);
	if (opt.json)
		closed = out_close();
	if (err == REFUSED && no.err)
		return run_refused(call, &no);
	if (!err && !checked.n)
		complain("nothing is protected: 'mip ipsec gen' makes keys, 'mip ipsec add' takes them");
	return err ? err : closed ? closed : checked.n && !checked.bad ? DONE : REFUSED;
}
