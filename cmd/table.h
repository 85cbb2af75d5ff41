/*
 * THE command table. Dispatch, usage, completion, man synopsis, batch files, the configuration file and `save`
 * are all read off these rows; nothing else lists a command or its words.
 */
#ifndef MIP_CMD_TABLE_H
#define MIP_CMD_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "mip/attr.h"
#include "mip/ctl.h"

#define COLUMNS_MAX 6 /* of -br, and of a table */

struct call;

/* What the tool itself needs beside the attributes of the protocol: the same struct, numbers behind theirs. */
enum {
	W_FILE = MIP_A_COUNT,
	W_OBJECT,
	W_VERB,
	W_FORMAT,
	W_LIFE,
	W_WATCHED,
	W_ROLE,
	W_RADVD,
	W_NO_SNAPSHOT,
	W_SAVE,
	W_END
};
enum { K_FILE = 100, K_OBJECT, K_VERB, K_FORMAT, K_LIFE, K_WATCHED, K_ROLE };

enum need { OPT = 1, REQ, ALL /* all of these or none */, SOME /* at least one of these */ };
enum form {
	PAIR,
	/* word and value */ FLAG,
	/* the word alone */ BARE,
	/* the value alone */ MANY, /* values alone */
	EITHER,			    /* word and value, or a value that no other word could be */
	AFTER			    /* word and value, right behind the value of the argument before it in the row */
};

struct arg {
	uint16_t attr; /* enum mip_attr or W_*; 0 ends the list */
	uint8_t need, form;
};

struct object {
	const char *word, *help, *example;
	const char *start;		   /* the command that makes an agent serve it */
	bool watched;			   /* has events */
	const uint16_t brief[COLUMNS_MAX]; /* the columns of -br */
};

/* Rows of one object stand together; its default verb, if any, is the one called "show" or the one without a word. */
struct verb {
	const char *object, *verb; /* verb NULL: the object is the whole command */
	uint16_t cmd;		   /* enum mip_command sent, 0 = none */
	bool config;		   /* may stand in a configuration file */
	const struct arg *args;
	int (*run)(const struct call *call); /* NULL: send cmd, print what comes */
	const char *help;
	const uint16_t brief[COLUMNS_MAX]; /* where its records are others than the object's */
};

extern const struct object objects[]; /* ends with word NULL */
extern const struct verb verbs[];     /* ends with object NULL */

/* Any attribute, also W_*; NULL for a number not in use. */
const struct mip_attr_info *attr_info(unsigned attr);
const struct object *object_find(const char *word);
/* What the records of an object may hold, ends with 0; NULL when it has none. */
const uint16_t *object_shows(const struct object *o);
/* The columns of -br, ends with 0 or after COLUMNS_MAX; NULL when its records have none. */
const uint16_t *verb_columns(const struct verb *v);
/* Its records are about addresses, prefixes or interfaces, of which there may be many. */
bool verb_is_list(const struct verb *v);
const uint16_t *object_columns(const struct object *o);
/* The row of exactly that object and verb ("" or NULL for none), or NULL. */
const struct verb *verb_find(const char *object, const char *verb);

#endif
