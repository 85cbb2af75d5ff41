/*
 * `mip stats`: counts of messages and drops. For people those that are not zero; -j all of them; `-o openmetrics` the
 * text format of the same name, for the textfile collector of Prometheus' node exporter.
 */
#include <inttypes.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/client.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/record.h"
#include "cmd/run.h"
#include "cmd/walk.h"

enum metric_type { COUNTER, GAUGE };

static const struct metric {
	const char *name;
	enum metric_type type;
	const char *label, *help;
} metrics[] = {
#define M(name, metric, type, label, help) {metric, type, label, help},
#include "mip/stats.def"
#undef M
};

static uint64_t value_of(const struct nlmsghdr *msg)
{
	const struct nlattr *at = record_find(msg, MIP_A_VALUE);

	return at ? mnl_attr_get_u64(at) : 0;
}

static int print_record(void *ctx, const struct nlmsghdr *msg)
{
	if (!opt.json && !opt.stats && !opt.details && !value_of(msg))
		return DONE;
	return out_record(ctx, msg);
}

static void put_name(const struct metric *m)
{
	fputs("mip_", stdout);
	for (const char *p = m->name; *p; p++)
		putchar(*p == '-' ? '_' : *p);
}

static const struct metric *metric_find(const char *name)
{
	for (size_t i = 0; i < MNL_ARRAY_SIZE(metrics); i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return NULL;
}

/* TYPE and HELP stand before the first sample of a metric; a counter's samples end in _total. */
static void print_head(const struct metric *m)
{
	fputs("# TYPE ", stdout);
	put_name(m);
	puts(m->type == COUNTER ? " counter" : " gauge");
	fputs("# HELP ", stdout);
	put_name(m);
	printf(" %s.\n", m->help);
}

static int print_sample(void *ctx, const struct nlmsghdr *msg)
{
	const struct metric **last = ctx, *m;
	char name[64], of[128];

	record_print(msg, MIP_A_METRIC, name, sizeof(name));
	record_print(msg, MIP_A_OF, of, sizeof(of));
	m = metric_find(name);
	if (!m)
		return DONE; /* of a newer agent */
	if (m != *last)
		print_head(m);
	*last = m;
	put_name(m);
	fputs(m->type == COUNTER ? "_total" : "", stdout);
	if (*m->label) {
		printf("{%s=", m->label);
		json_string(of);
		putchar('}');
	}
	printf(" %" PRIu64 "\n", value_of(msg));
	return DONE;
}

int run_stats(const struct call *call)
{
	const struct value *format = call_value(call, W_FORMAT);
	bool open = format && strcmp(format->word, "openmetrics") == 0;
	const struct metric *last = NULL;
	struct refusal no;
	struct request rq;
	int err = client_need(call->verb->object);

	if (err)
		return err;
	request_put_call(&rq, call);
	if (!open)
		out_open(OUT_LIST, verb_columns(call->verb), false);
	err = client_ask(&rq, open ? print_sample : print_record, &last, &no);
	if (open && !err)
		puts("# EOF");
	if (err == REFUSED && no.err)
		run_refused(call, &no);
	if (!open && out_close() && !err)
		err = REFUSED;
	return err;
}
