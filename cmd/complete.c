/*
 * `mip __complete WORDS... LAST`: the words that could stand in place of LAST, one a line, `word<TAB>help`. All words
 * before it are complete. Values of a kind that has no list come from life: interfaces from the kernel, home
 * addresses from the agent.
 */
#include <libmnl/libmnl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/mip.h"
#include "cmd/record.h"
#include "cmd/walk.h"

static void offer(void *ctx, const char *word, const char *help)
{
	const char *prefix = ctx;

	if (strncmp(word, prefix, strlen(prefix)) == 0)
		printf("%s\t%s\n", word, help);
}

static void offer_interfaces(char *prefix)
{
	struct if_nameindex *list = if_nameindex();

	for (struct if_nameindex *i = list; i && i->if_index; i++)
		offer(prefix, i->if_name, "interface");
	if_freenameindex(list);
}

static int offer_home(void *ctx, const struct nlmsghdr *msg)
{
	char addr[64];

	record_print(msg, MIP_A_HOME, addr, sizeof(addr));
	if (*addr)
		offer(ctx, addr, "home address");
	return DONE;
}

/* Silent when there is no agent: completion is no place to complain. */
static void offer_homes(const struct verb *v, char *prefix)
{
	struct refusal no;
	struct request rq;

	if (client_connect())
		return;
	request_open(&rq, strcmp(v->object, "mn") ? MIP_BINDING_GET : MIP_MN_GET);
	client_ask(&rq, offer_home, prefix, &no);
}

static void offer_live(const struct walk *w, char *prefix)
{
	unsigned attr = walk_awaits(w);

	if (attr == MIP_A_DEV)
		offer_interfaces(prefix);
	else if (attr == MIP_A_HOME && strcmp(w->verb->verb, "add") && strcmp(w->verb->verb, "start"))
		offer_homes(w->verb, prefix);
}

int run_complete(int n, char **words)
{
	struct walk w = {0};
	struct fault f;
	char *last = n > 0 ? words[n - 1] : "";
	int i = 0;

	while (i < n - 1 && words[i][0] == '-') {
		bool value = option_takes_value(words[i]);

		if (value && !strcmp(words[i], "-n") && i + 1 < n - 1)
			opt.netns = words[i + 1];
		i += value ? 2 : 1;
	}
	if (i > n - 1)
		return DONE; /* the value of an option */
	if (i == n - 1 && last[0] == '-')
		options_each(offer, last);
	for (; i < n - 1; i++)
		if (!walk_word(&w, words[i], &f))
			return DONE;
	walk_offers(&w, offer, last);
	offer_live(&w, last);
	return DONE;
}
