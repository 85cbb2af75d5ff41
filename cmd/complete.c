/*
 * complete.h, and `mip __complete WORDS... LAST`: what could stand in place of LAST, one a line, `word<TAB>help`.
 * Values of a kind that has no list come from life: interfaces from the kernel, addresses from the agent.
 */
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/complete.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/record.h"

/* Who gets the words that fit. */
struct sieve {
	const char *prefix;
	offer_fn offer;
	void *ctx;
	unsigned attr; /* whose values are looked for */
	bool any;      /* a word fitted */
};

static void sift(void *ctx, const char *word, const char *help)
{
	struct sieve *s = ctx;

	if (strncmp(word, s->prefix, strlen(s->prefix)) != 0)
		return;
	s->any = true;
	s->offer(s->ctx, word, help);
}

static void offer_interfaces(struct sieve *s)
{
	struct if_nameindex *list = NULL;

	if (!opt.netns || netns_enter(opt.netns) == 0)
		list = if_nameindex();
	for (struct if_nameindex *i = list; i && i->if_index; i++)
		sift(s, i->if_name, "interface");
	if (list)
		if_freenameindex(list);
}

static int offer_value(void *ctx, const struct nlmsghdr *msg)
{
	struct sieve *s = ctx;
	char value[64];

	record_print(msg, s->attr, value, sizeof(value));
	if (*value)
		sift(s, value, attr_info(s->attr)->help);
	return DONE;
}

/* Silent when there is no agent: completion is no place to complain. */
static void offer_known(struct sieve *s, uint16_t cmd)
{
	struct refusal no;
	struct request rq;

	if (client_connect())
		return;
	request_open(&rq, cmd);
	client_ask(&rq, offer_value, s, &no);
}

/* Which dump knows the values there are; 0: what is asked for is new. */
static uint16_t source_of(const struct verb *v, unsigned attr)
{
	bool makes = v->config && strcmp(v->verb, "set");

	if (attr == MIP_A_HOME && !makes)
		return strcmp(v->object, "binding") ? MIP_MN_GET : MIP_BINDING_GET;
	if (attr == MIP_A_PREFIX && !makes)
		return MIP_ACL_GET;
	if (attr == MIP_A_PEER)
		return MIP_RO_GET;
	return attr == MIP_A_TO && !makes ? MIP_CONFIG_GET : 0;
}

static void offer_live(const struct walk *w, struct sieve *s)
{
	uint16_t cmd;

	s->attr = walk_awaits(w);
	if (s->attr == MIP_A_DEV)
		offer_interfaces(s);
	else if (s->attr && (cmd = source_of(w->verb, s->attr)))
		offer_known(s, cmd);
}

/* The options in front: how many of the n words they are, their values included. */
static int skip_options(int n, char **words)
{
	int i = 0;

	while (i < n - 1 && words[i][0] == '-') {
		bool value = option_takes_value(words[i]);

		if (value && !strcmp(words[i], "-n") && i + 1 < n - 1)
			opt.netns = words[i + 1];
		i += value ? 2 : 1;
	}
	return i;
}

/* False with `f`: a word is wrong. `w` is the walk before the last word, *skip the options; > n - 1: inside them. */
static bool offer_all(int n, char **words, struct sieve *s, struct walk *w, int *skip, struct fault *f)
{
	*skip = skip_options(n, words);
	if (*skip > n - 1)
		return true; /* the value of an option */
	if (*skip == n - 1 && s->prefix[0] == '-')
		options_each(sift, s);
	for (int i = *skip; i < n - 1; i++)
		if (!walk_word(w, words[i], f))
			return false;
	walk_offers(w, sift, s);
	offer_live(w, s);
	return true;
}

void complete_words(int n, char **words, offer_fn offer, void *ctx)
{
	struct sieve s = {.prefix = n > 0 ? words[n - 1] : "", .offer = offer, .ctx = ctx};
	struct walk w = {0};
	struct fault f;
	int skip;

	offer_all(n, words, &s, &w, &skip, &f);
}

bool complete_explain(int n, char **words, offer_fn offer, void *ctx, int *skip, struct fault *f)
{
	struct sieve s = {.prefix = words[n - 1], .offer = offer, .ctx = ctx};
	struct walk w = {0};
	struct fault missing;
	unsigned attr;

	if (!offer_all(n, words, &s, &w, skip, f))
		return false;
	attr = *skip < n ? walk_awaits(&w) : 0;
	if (attr)
		offer(ctx, attr_info(attr)->metavar, attr_info(attr)->help);
	if (*skip >= n)
		return true;
	if (*s.prefix && !s.any)
		return walk_word(&w, s.prefix, f);
	if (!*s.prefix && *skip < n - 1 && walk_end(&w, &missing))
		offer(ctx, "<enter>", w.verb->help);
	return true;
}

static void print_offer(void *ctx, const char *word, const char *help)
{
	(void)ctx;
	printf("%s\t%s\n", word, help);
}

int run_complete(int n, char **words)
{
	complete_words(n, words, print_offer, NULL);
	return DONE;
}
