/* What the files of `mip` share: the options, the exit codes, and the functions rows of the table name. */
#ifndef MIP_CMD_MIP_H
#define MIP_CMD_MIP_H

#include <stdbool.h>

struct call;
struct line;

/* Exit status. Of several commands, the worst. */
enum {
	DONE = 0,
	WORDS = 1,   /* the words are wrong, nothing was sent */
	REFUSED = 2, /* by the agent or the kernel */
	NO_AGENT = 3 /* nobody there to ask */
};

struct options {
	bool json, pretty, brief, oneline, details, stats, timestamp, force, numeric, color, version, help;
	const char *netns, *batch;
};

extern struct options opt;

/* Before the first: what holds where no option says otherwise. */
void options_default(void);
/* Reads the options in front, sets `opt`; the number of words used, or -1 when said what is wrong. */
int options_read(int n, char **words);
void options_each(void (*each)(void *ctx, const char *word, const char *help), void *ctx);
bool option_takes_value(const char *word);

/* Runs the arguments of `mip`: options and all. */
int run_args(int n, char **words);
/* Reads and runs one command line. `file` NULL: it is the shell's. */
int run_words(const struct line *line);
int run_status(void);
int run_batch(const char *path);
int run_complete(int n, char **words);
int run_man(const char *object, const char *part);
int run_man_protocol(const char *part);
int run_schema(void);

int run_generic(const struct call *call);
int run_start(const struct call *call);
int run_restart(const struct call *call);
int run_reload(const struct call *call);
int run_stop(const struct call *call);
int run_agent_wait(const struct call *call);
int run_ha_radvd(const struct call *call);
int run_advertise(const struct call *call);
int run_ha_stop(const struct call *call);
int run_wait(const struct call *call);
int run_ro_test(const struct call *call);
int run_stats(const struct call *call);
int run_keys_show(const struct call *call);
int run_ipsec_check(const struct call *call);
int run_ipsec_gen(const struct call *call);
int run_auth_gen(const struct call *call);
int run_monitor(const struct call *call);
int run_apply(const struct call *call);
int run_shell(const struct call *call);
int run_check(const struct call *call);
int run_save(const struct call *call);
int run_doctor(const struct call *call);
int run_import(const struct call *call);
int run_help(const struct call *call);

/* The configuration file, made the configuration; used by apply and by a fresh start. */
int config_apply(const char *path);
/* Writes the agent's configuration to a file, whole or not at all; `call` is for messages. */
int config_save(const struct call *call, const char *path);
/* The file an agent starts with. */
const char *config_path(void);

#endif
