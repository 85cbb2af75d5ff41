/* out.h: chooses the format and watches stdout. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/record.h"
#include "cmd/table.h"

static const struct out_format *format = &out_text;
static enum out_shape the_shape;
static bool object_too, failed;

void out_open(enum out_shape shape, const uint16_t *columns, bool say_object)
{
	bool table = columns && (opt.brief || shape == OUT_TABLE) && out_width() && !opt.oneline && !opt.details &&
		     !opt.stats;

	format = opt.json ? &out_json : table ? &out_table : &out_text;
	the_shape = shape;
	object_too = say_object;
	format->open(shape, columns);
}

void out_begin(void)
{
	format->begin();
}

void out_put(unsigned attr, const void *bytes, size_t len)
{
	if (attr != MIP_A_OBJECT || object_too)
		format->put(attr, bytes, len);
}

void out_put_str(unsigned attr, const char *s)
{
	out_put(attr, s, strlen(s) + 1);
}

/* A reader that has read enough is no fault. */
static int complain_once(void)
{
	if (!failed && errno != EPIPE)
		complain("cannot write the output: %s", strerror(errno));
	failed = true;
	return REFUSED;
}

int out_flush(void)
{
	return fflush(stdout) || ferror(stdout) ? complain_once() : DONE;
}

int out_end(void)
{
	format->end();
	if (the_shape == OUT_LINES)
		return out_flush();
	return ferror(stdout) ? complain_once() : DONE;
}

int out_close(void)
{
	format->close();
	return ferror(stdout) ? complain_once() : DONE;
}

void out_values(const struct nlmsghdr *msg)
{
	const struct nlattr *at;

	mnl_attr_for_each (at, msg, 0)
		if (record_known(at))
			out_put(at->nla_type, mnl_attr_get_payload(at), mnl_attr_get_payload_len(at));
}

int out_record(void *ctx, const struct nlmsghdr *msg)
{
	(void)ctx;
	out_begin();
	out_values(msg);
	return out_end();
}
