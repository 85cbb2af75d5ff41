/*
 * radvd.h. The configuration says what RFC 6275 7 wants of a home agent's advertisements: H bit (7.1), its global
 * address in the Prefix Information option (R bit, 7.2), Advertisement Interval (7.3), Home Agent Information (7.4),
 * and an interval short enough to notice coming home (7.5); all of them are what routers are asked for by RFC 6275 8.3.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/machine.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/out.h"
#include "cmd/radvd_impl.h"
#include "cmd/record.h"
#include "cmd/run.h"
#include "cmd/walk.h"

/* --- which links -------------------------------------------------------------------------------------------------- */

static int take_links(void *ctx, const struct nlmsghdr *msg)
{
	struct radvd_links *l = ctx;
	const struct nlattr *at;

	l->configured = true;
	mnl_attr_for_each (at, msg, 0) {
		if (at->nla_type == MIP_A_DEV && record_known(at) && l->n < RADVD_LINKS_MAX)
			snprintf(l->name[l->n++], IFNAMSIZ, "%.15s", mnl_attr_get_str(at));
		if (at->nla_type == MIP_A_PREFERENCE && record_known(at))
			l->preference = mnl_attr_get_u32(at);
		if (at->nla_type == MIP_A_ROUTERS && record_known(at))
			l->routers = mnl_attr_get_u8(at);
	}
	return DONE;
}

int radvd_served(struct radvd_links *l)
{
	struct refusal no;
	struct request rq;
	int err = client_connect();

	*l = (struct radvd_links){0};
	if (err)
		return err;
	request_open(&rq, MIP_HA_GET);
	return client_ask(&rq, take_links, l, &no);
}

bool radvd_links(const struct value *dev, struct radvd_links *l)
{
	(void)radvd_served(l);
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

/* radvd leaves Home Agent Information out when it says nothing new: its lifetime must not be the router's. */
static void write_link(FILE *to, const char *dev, const struct radvd_links *l, const struct nic_addr *list, size_t n)
{
	fprintf(to, "interface %s {\n\tAdvSendAdvert on;\n\tAdvHomeAgentFlag on;\n\tAdvHomeAgentInfo on;\n", dev);
	fprintf(to, "\tHomeAgentLifetime 3600;\n\tHomeAgentPreference %u;\n", l->preference);
	if (l->routers)
		fputs("\tAdvMobRtrSupportFlag on;\n", to);
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
		if (list[i].routable && !list[i].failed && list[i].plen < 128 && !strcmp(list[i].dev, dev))
			list[kept++] = list[i];
	return kept;
}

bool radvd_alone(const char *dev)
{
	struct nic nic;

	return machine_nic(dev, &nic) && nic.alone;
}

char *radvd_text(const struct radvd_links *l)
{
	struct radvd_links tell = *l;
	struct nic_addr list[256];
	char *text = NULL;
	size_t size;
	FILE *to;

	tell.n = 0;
	for (size_t i = 0; i < l->n; i++)
		if (!radvd_alone(l->name[i]) && link_addrs(l->name[i], list))
			memcpy(tell.name[tell.n++], l->name[i], IFNAMSIZ);
	to = tell.n ? open_memstream(&text, &size) : NULL;
	if (!to)
		return NULL;
	(void)!radvd_write(to, &tell);
	fclose(to);
	return text;
}

int radvd_write(FILE *to, const struct radvd_links *l)
{
	struct nic_addr list[256];

	for (size_t i = 0; i < l->n; i++)
		if (!link_addrs(l->name[i], list)) {
			complain("home link %s has no global unicast address", l->name[i]);
			return REFUSED;
		}
	fputs("# What mip-ha(8) wants radvd to say on the home link.\n", to);
	for (size_t i = 0; i < l->n; i++)
		if (radvd_alone(l->name[i]))
			fprintf(to, "# %s has no neighbours to announce anything to: a virtual home link\n",
				l->name[i]);
		else
			write_link(to, l->name[i], l, list, link_addrs(l->name[i], list));
	return DONE;
}

static void clear_host_bits(uint8_t *prefix)
{
	for (unsigned bit = prefix[16]; bit < 128; bit++)
		prefix[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

/* One record a prefix. */
static int print_links(const struct radvd_links *l)
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
	struct radvd_links l;
	int err = netns_go();

	if (err)
		return err;
	if (!radvd_links(call_value(call, MIP_A_DEV), &l))
		return REFUSED;
	return opt.json ? print_links(&l) : radvd_write(stdout, &l);
}
