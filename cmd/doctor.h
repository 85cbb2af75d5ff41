/*
 * Is this machine fit for a role? A table of checks, each a function that looks at one thing, says what it found, and
 * how to mend it. `mip doctor` prints them all; `mip ROLE start` goes through them first.
 */
#ifndef MIP_CMD_DOCTOR_H
#define MIP_CMD_DOCTOR_H

#include "cmd/trial.h"
#include "cmd/walk.h"
#include "mip/types.h"

enum { ROLE_HA = 1, ROLE_MN = 2, ROLE_CN = 4, ROLE_ALL = 7 };

/* Who is looked at. */
struct patient {
	unsigned roles;
	const char *dev;    /* home link of the home agent, link of the mobile node; NULL = not said */
	struct trial trial; /* what the kernel can do */
};

struct finding {
	enum mip_verdict verdict;
	char text[400], mend[200]; /* mend "" when there is nothing to mend */
};

/* When it is of interest. */
enum moment {
	ALWAYS = 1,
	TO_START = 2, /* not beside an agent that runs */
	SERVING = 4   /* not before the role runs: it is of what that did */
};

struct check {
	const char *name;
	unsigned roles; /* who needs it */
	enum moment when;
	void (*look)(const struct patient *p, struct finding *f);
};

extern const struct check checks[]; /* ends with name NULL */

/* Each check that comes out bad of those an agent that runs depends on all the time; cheap. `p` has roles and dev. */
void doctor_each_bad(const struct patient *p, void (*each)(const struct check *c, const struct finding *f));

/* status.c: each `!` line of the page `mip` prints, while `each` returns DONE; what that returned last. */
int status_each_wrong(int (*each)(const char *text));

/*
 * Before `mip ROLE start`: a line for each check that comes out bad, and on a terminal, or with -d, for every one.
 * `running`: an agent is there already. DONE, or REFUSED when one was bad.
 */
int doctor_admits(const struct call *call, bool running);
/* After it: the same for what can be seen only then. */
int doctor_confirms(const struct call *call);

#endif
