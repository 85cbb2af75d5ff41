/* doctor.h: goes through the table of checks.c. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cmd/doctor.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/out.h"

static unsigned role_of(const char *word)
{
	return !strcmp(word, "ha") ? ROLE_HA : !strcmp(word, "mn") ? ROLE_MN : !strcmp(word, "cn") ? ROLE_CN : 0;
}

/* /proc and netlink show the namespace of who asks: go there. */
static int examine(struct patient *p, bool running)
{
	if (opt.netns && netns_enter(opt.netns) < 0) {
		complain("cannot enter network namespace %s: %s", opt.netns, strerror(errno));
		return REFUSED;
	}
	if (!running)
		trial_run(&p->trial);
	return DONE;
}

/* What every role needs is looked at even when none is named. */
static bool concerns(const struct check *c, const struct patient *p)
{
	return c->roles == ROLE_ALL || c->roles & p->roles;
}

static int print(const struct check *c, const struct finding *f)
{
	uint32_t verdict = f->verdict;

	out_begin();
	out_put(MIP_A_VERDICT, &verdict, sizeof(verdict));
	out_put_str(MIP_A_CHECK, c->name);
	out_put_str(MIP_A_MESSAGE, f->text);
	if (*f->mend)
		out_put_str(MIP_A_MEND, f->mend);
	return out_end();
}

int run_doctor(const struct call *call)
{
	const struct value *role = call_value(call, W_ROLE), *dev = call_value(call, MIP_A_DEV);
	struct patient p = {.roles = role ? role_of(role->word) : 0, .dev = dev ? dev->word : NULL};
	int err = examine(&p, false), closed;
	bool bad = false;

	if (err)
		return err;
	out_open(OUT_LIST, verb_columns(call->verb), false);
	for (const struct check *c = checks; c->name && !err; c++) {
		struct finding f = {.verdict = MIP_VERDICT_OK};

		if (!concerns(c, &p))
			continue;
		c->look(&p, &f);
		bad |= f.verdict == MIP_VERDICT_BAD;
		err = print(c, &f);
	}
	closed = out_close();
	return err ? err : closed ? closed : bad ? REFUSED : DONE;
}

void doctor_each_bad(
	const struct patient *p, bool running, void (*each)(const struct check *c, const struct finding *f))
{
	for (const struct check *c = checks; c->name; c++) {
		struct finding f = {.verdict = MIP_VERDICT_OK};

		if (!concerns(c, p) || (running && c->to_start))
			continue;
		c->look(p, &f);
		if (f.verdict == MIP_VERDICT_BAD)
			each(c, &f);
	}
}

static bool some_bad;

static void say_bad(const struct check *c, const struct finding *f)
{
	complain("%s: %s", c->name, f->text);
	if (*f->mend)
		fprintf(stderr, "mend it with: %s\n", f->mend);
	some_bad = true;
}

int doctor_admits(const struct call *call, bool running)
{
	const struct value *dev = call_value(call, MIP_A_DEV);
	struct patient p = {.roles = role_of(call->verb->object), .dev = dev ? dev->word : NULL};
	int err = examine(&p, running);

	if (err)
		return err;
	some_bad = false;
	doctor_each_bad(&p, running, say_bad);
	return some_bad ? REFUSED : DONE;
}
