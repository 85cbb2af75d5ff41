/* mipd: the agent's main. Options only; everything it is lives in core/. It stays in front: `mip` or init put it
 * behind. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"

static const struct option longs[] = {
	{"ready-fd", required_argument, NULL, 'R'},
	{"path", required_argument, NULL, 'P'},
	{"transient", no_argument, NULL, 'T'},
	{"user", required_argument, NULL, 'u'},
	{"no-seccomp", no_argument, NULL, 'S'},
	{"debug", no_argument, NULL, 'D'},
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

static void usage(FILE *to)
{
	fputs("mipd: the Mobile IPv6 agent; mip(8) starts and commands it\n"
	      "    -d                 stay in front (it always does)\n"
	      "    -D, --debug        log everything\n"
	      "    --no-seccomp       make any system call: to look for a fault\n"
	      "    --path NAME        make tunnels with ip6tnl, bpf or tun, not with the best of them\n"
	      "    --ready-fd NUMBER  write READY to that descriptor when serving\n"
	      "    --transient        end with the last role\n"
	      "    -u, --user NAME    run as that user\n"
	      "    -V, --version      version\n",
		to);
}

static int parse_fd(const char *s)
{
	char *end;
	long v = strtol(s, &end, 10);

	return *end || end == s || v < 0 || v > 65535 ? -1 : (int)v;
}

/* False when there is nothing to run; *status is the exit status then. */
static bool read_options(int argc, char **argv, struct agent_options *o, int *status)
{
	int c;

	*status = 1;
	while ((c = getopt_long(argc, argv, "dDu:Vh", longs, NULL)) != -1) {
		switch (c) {
		case 'd': break;
		case 'D': o->debug = true; break;
		case 'P': o->path = optarg; break;
		case 'R': o->ready_fd = parse_fd(optarg); break;
		case 'S': o->unconfined = true; break;
		case 'T': o->transient = true; break;
		case 'u': o->user = optarg; break;
		case 'V':
			puts("mipd " MIP_VERSION);
			*status = 0;
			return false;
		case 'h':
			usage(stdout);
			*status = 0;
			return false;
		default: usage(stderr); return false;
		}
		if (c == 'R' && o->ready_fd < 0) {
			fprintf(stderr, "mipd: %s is not a descriptor\n", optarg);
			return false;
		}
	}
	if (optind < argc)
		fprintf(stderr, "mipd: unexpected '%s'; commands are mip's\n", argv[optind]);
	return optind == argc;
}

int main(int argc, char **argv)
{
	struct agent_options options = {.ready_fd = -1};
	int status;

	if (!read_options(argc, argv, &options, &status))
		return status;
	return agent_main(&options);
}
