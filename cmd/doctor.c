/* doctor.h: goes through the table of checks.c. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	int err = netns_go();

	if (!err && !running)
		trial_run(&p->trial);
	return err;
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

/* What the agent sees amiss: a role works less well, and perhaps not at all. */
static int print_wrong(const char *text)
{
	static const struct check state = {.name = "state"};
	struct finding f = {.verdict = MIP_VERDICT_WEAK};

	snprintf(f.text, sizeof(f.text), "%s", text);
	return print(&state, &f);
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
	if (!err)
		err = status_each_wrong(print_wrong);
	closed = out_close();
	return err ? err : closed ? closed : bad ? REFUSED : DONE;
}

static void look(
	const struct patient *p, unsigned moments, void (*each)(const struct check *c, const struct finding *f))
{
	for (const struct check *c = checks; c->name; c++) {
		struct finding f = {.verdict = MIP_VERDICT_OK};

		if (!(c->when & moments) || !concerns(c, p))
			continue;
		c->look(p, &f);
		each(c, &f);
	}
}

static void (*each_bad)(const struct check *c, const struct finding *f);

static void pass_bad(const struct check *c, const struct finding *f)
{
	if (f->verdict == MIP_VERDICT_BAD)
		each_bad(c, f);
}

void doctor_each_bad(const struct patient *p, void (*each)(const struct check *c, const struct finding *f))
{
	each_bad = each;
	look(p, ALWAYS, pass_bad);
}

static bool some_bad;

/* Scripts hear of what is bad; who looks on, or asks for details, sees each line. On stderr: records are on stdout. */
static void say(const struct check *c, const struct finding *f)
{
	bool bad = f->verdict == MIP_VERDICT_BAD, all = opt.details || isatty(STDERR_FILENO);

	if (all)
		fprintf(stderr, "%-7s %-14s %s\n", kind_choice(MIP_K_VERDICT, f->verdict - kind_first(MIP_K_VERDICT)),
			c->name, f->text);
	else if (bad)
		complain("%s: %s", c->name, f->text);
	if ((all || bad) && *f->mend)
		fprintf(stderr, "mend it with: %s\n", f->mend);
	some_bad |= bad;
}

static struct patient patient_of(const struct call *call)
{
	const struct value *dev = call_value(call, MIP_A_DEV);

	return (struct patient){.roles = role_of(call->verb->object), .dev = dev ? dev->word : NULL};
}

int doctor_admits(const struct call *call, bool running)
{
	struct patient p = patient_of(call);
	int err = examine(&p, running);

	if (err)
		return err;
	some_bad = false;
	look(&p, running ? ALWAYS : ALWAYS | TO_START, say);
	return some_bad ? REFUSED : DONE;
}

int doctor_confirms(const struct call *call)
{
	struct patient p = patient_of(call);

	some_bad = false;
	look(&p, SERVING, say);
	return some_bad ? REFUSED : DONE;
}
