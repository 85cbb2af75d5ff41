/*
 * Starting and stopping: the checks of `mip doctor` first; then the agent, when none runs, which gets the configuration
 * file; then the command that asked (`mip ha start`) is sent like any other; then the router advertisements.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/doctor.h"
#include "cmd/fault.h"
#include "cmd/mip.h"
#include "cmd/netns.h"
#include "cmd/radvd.h"
#include "cmd/run.h"
#include "cmd/service.h"
#include "cmd/spawn.h"
#include "cmd/walk.h"

static int configure(void)
{
	return access(config_path(), F_OK) == 0 ? config_apply(config_path()) : DONE;
}

/* The service configures itself. An agent that a role started otherwise ends with its last role. */
static int start_agent(bool transient)
{
	char *const options[] = {transient ? "--transient" : NULL, NULL};
	bool service = service_runs(SERVICE_AGENT);
	int err = service ? service_do("start", SERVICE_AGENT) : spawn_agent(options);

	if (err)
		return err;
	return service ? client_need(NULL) : configure();
}

int run_reload(const struct call *call)
{
	int err = client_need(call->verb->object);

	err = err ? err : configure();
	return err ? err : radvd_start(call);
}

/* Done when the agent is gone, not when it agreed to go: it hangs up last. */
static int stop_agent(struct refusal *no)
{
	struct request rq;
	int err;

	request_open(&rq, MIP_AGENT_STOP);
	err = client_ask(&rq, NULL, NULL, no);
	return err ? err : client_await_end();
}

int run_stop(const struct call *call)
{
	struct refusal no;
	int err = client_need(call->verb->object);

	if (err)
		return err;
	err = stop_agent(&no);
	return err == REFUSED ? run_refused(call, &no) : err ? err : radvd_stop(false);
}

/* What this command started it takes back when the command fails; the bindings of before are kept for the next. */
static int start_failed(int err)
{
	if (client_connect() == DONE)
		(void)!end_agent(client_agent_pid());
	return err;
}

/* A mobile node's link serves from the first moment: up before the agent looks for it. */
static int raise_link(const char *dev)
{
	struct ifreq req = {0};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = DONE;

	snprintf(req.ifr_name, sizeof(req.ifr_name), "%s", dev);
	if (fd >= 0 && ioctl(fd, SIOCGIFFLAGS, &req) == 0 && !(req.ifr_flags & IFF_UP)) {
		req.ifr_flags |= IFF_UP;
		if (ioctl(fd, SIOCSIFFLAGS, &req) < 0) {
			complain("cannot bring %s up: %s", dev, strerror(errno));
			err = REFUSED;
		}
	}
	if (fd >= 0)
		close(fd);
	return err;
}

/* What comes before a role: the link of a mobile node, and the checks. */
static int prepare(const struct call *call, bool running)
{
	const struct value *dev = call_value(call, MIP_A_DEV);
	bool moves = dev && strcmp(call->verb->object, "mn") == 0;
	int err = netns_go(), raised = !err && moves ? raise_link(dev->word) : DONE;

	err = err ? err : doctor_admits(call, running);
	return err ? err : raised;
}

static bool is_home_agent(const struct call *call)
{
	return strcmp(call->verb->object, "ha") == 0;
}

int run_start(const struct call *call)
{
	int err = client_connect();
	bool fresh = err == NO_AGENT && (errno == ENOENT || errno == ECONNREFUSED);

	if (err && !fresh)
		return client_need(call->verb->object);
	err = call->verb->cmd ? prepare(call, !fresh) : DONE;
	if (err)
		return err;
	if (fresh) {
		err = start_agent(call->verb->cmd != 0);
		if (err && client_connect())
			return err;
	}
	if (!err && call->verb->cmd)
		err = run_generic(call);
	if (!err && (fresh || is_home_agent(call)))
		err = radvd_start(call);
	if (!err && call->verb->cmd)
		err = doctor_confirms(call);
	if (!err && call_value(call, W_SAVE))
		err = config_save(call, config_path());
	return err && fresh ? start_failed(err) : err;
}
