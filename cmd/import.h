/*
 * A mip6d.conf of UMIP, read into what of it this program knows and notes about the rest. import_read.c has the
 * characters and the grammar, import.c the statements, import_say.c the commands they become.
 */
#ifndef MIP_CMD_IMPORT_H
#define MIP_CMD_IMPORT_H

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define IMPORT_NICS	16
#define UMIP_PREFERENCE 5 /* unless said */
#define IMPORT_HOMES	16
#define IMPORT_RULES	256
#define IMPORT_ARGS	6

enum umip_role { UMIP_CN, UMIP_HA, UMIP_MN };

struct umip_nic {
	char name[IFNAMSIZ];
	bool has_role, home; /* home: named by MnHomeLink only */
	enum umip_role role; /* when has_role: not the node's */
	uint32_t preference; /* 1 is used first; 0 = not to be used */
};

struct umip_home {
	struct in6_addr home, agent; /* :: = not said */
	unsigned plen;
	int line;
};

/* Of a peer or home address; plen 0 = of all. */
struct umip_rule {
	struct in6_addr addr;
	unsigned plen;
	bool yes;
};

struct umip {
	enum umip_role role;
	bool ipsec, optimize_cn, optimize_mn, deny_others, all_nics;
	uint32_t ha_lifetime, mn_lifetime; /* 0 = not said */
	struct umip_nic nic[IMPORT_NICS];
	struct umip_home home[IMPORT_HOMES];
	struct umip_rule peer[IMPORT_RULES], acl[IMPORT_RULES], sa[IMPORT_HOMES];
	struct in6_addr sa_agent[IMPORT_HOMES];
	size_t nics, homes, peers, acls, sas;
	FILE *notes;  /* one comment a line: what has no equivalent */
	FILE *faults; /* where what is wrong is said */
	bool follow;  /* read included files */
	unsigned errors;
};

/* A value of a statement, as its kind (import.c) reads it. */
struct umip_arg {
	char kind;
	const char *at; /* the word in the file, and its length */
	size_t len;
	struct in6_addr addr;
	unsigned plen;
	uint32_t number; /* also of booleans and choices */
	char text[256];
};

struct umip_line {
	const char *word;
	int line, n;
	struct umip_arg arg[IMPORT_ARGS];
};

enum { IN_FILE = 1, IN_INTERFACE = 2, IN_HOME_LINK = 4, IN_IPSEC = 8, IN_CN_POLICY = 16 };

struct statement {
	const char *word;
	unsigned where; /* blocks it may stand in */
	const char
		*args; /* kinds in order; ? before one that may be missing; ( a list in brackets that may be missing */
	const char *note; /* what to say of it in the commands, NULL = nothing */
	/* Takes it in. A text says what is wrong with it. */
	const char *(*take)(struct umip *u, const struct umip_line *l);
	unsigned block; /* opens one of those, 0 = ends with ; */
	bool bare;	/* the block may be missing */
};

extern const struct statement umip_statements[]; /* ends with word NULL */

/* Fills `a` from a->at. NULL, or what is wrong. */
const char *umip_value(struct umip_arg *a);

void import_init(struct umip *u);
/* Reads `text` into `u`; `name` is for messages. What is wrong is counted in u->errors and said on u->faults. */
void import_read(struct umip *u, const char *name, const char *text, size_t len);
/* The same of a file, - for standard input. */
void import_file(struct umip *u, const char *path);
/* Writes the commands, and the notes in front of them. */
void import_say(const struct umip *u, const char *notes, FILE *to);

#endif
