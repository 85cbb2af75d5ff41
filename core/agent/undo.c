/*
 * Taking a change back: the configuration before the last change is kept. One that was applied to be confirmed goes
 * back by itself when nobody confirms it in time, for who manages a mobile node over the link he is changing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/agent_impl.h"
#include "base/log.h"

#define CONFIRM_MAX 86400 /* seconds */

static int go_back(struct agent *a, struct why *why)
{
	struct conf want = a->before_change, was = a->conf;
	int err;

	timer_stop(&a->loop.timers, &a->confirm);
	err = agent_follow(a, &want, why);
	if (err && agent_follow(a, &was, NULL))
		log_error("could not go back to the configuration before");
	if (!err) {
		a->conf = want;
		a->can_undo = false;
	}
	explicit_bzero(&want, sizeof(want)); /* keys */
	explicit_bzero(&was, sizeof(was));
	return err;
}

static void unconfirmed(struct timer *t, usec now)
{
	struct agent *a = timer_owner(t, struct agent, confirm);
	struct why why = {0};
	char text[320];
	bool ran = agent_runs(a);

	(void)now;
	if (go_back(a, &why)) {
		snprintf(text, sizeof(text), "nobody confirmed the change, and it cannot be taken back: %s", why.text);
		agent_tell(a, "stuck", text);
		return;
	}
	agent_tell(a, "undone", "nobody confirmed the change: the configuration is what it was before");
	agent_end_if_idle(a, ran);
}

int agent_may_change(const struct agent *a, struct why *why)
{
	if (timer_armed(&a->confirm))
		return why_set(why, EBUSY, "the last change waits for 'mip confirm' or 'mip undo'");
	return 0;
}

int agent_read_confirm(const struct ctl_request *commit, struct why *why)
{
	uint64_t seconds = ctl_num(commit, MIP_A_CONFIRM, CONFIRM_MAX);

	if (seconds < 1 || seconds > CONFIRM_MAX)
		return why_attr(why, ERANGE, MIP_A_CONFIRM, "1 to %d seconds", CONFIRM_MAX);
	return 0;
}

void agent_remember(struct agent *a, const struct conf *was, const struct ctl_request *commit)
{
	a->before_change = *was;
	a->can_undo = true;
	if (ctl_has(commit, MIP_A_CONFIRM))
		timer_arm(&a->loop.timers, &a->confirm, clock_now() + (usec)ctl_num(commit, MIP_A_CONFIRM, 0) * SEC,
			unconfirmed);
}

int agent_confirm(struct agent *a, struct why *why)
{
	if (!timer_armed(&a->confirm))
		return why_set(why, ENOENT, "nothing waits to be confirmed");
	timer_stop(&a->loop.timers, &a->confirm);
	return 0;
}

int agent_undo(struct agent *a, struct why *why)
{
	bool ran = agent_runs(a);
	int err;

	if (!a->can_undo)
		return why_set(why, ENOENT, "there is no change to take back");
	err = go_back(a, why);
	if (!err)
		agent_end_if_idle(a, ran);
	return err;
}
