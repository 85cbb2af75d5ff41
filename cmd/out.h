/*
 * Records on stdout. What is put once appears as text or as JSON, as the options say, so the two cannot disagree.
 * Streams: a record is written when it ends, however many there are.
 */
#ifndef MIP_CMD_OUT_H
#define MIP_CMD_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlmsghdr;

enum out_shape {
	OUT_LIST,  /* JSON: one array */
	OUT_TABLE, /* the same; on a terminal, without -o, -d and -s, a table */
	OUT_LINES, /* JSON: an object a line, flushed each; for what does not end */
};

/* `columns` (may be NULL) are those of -br, as in table.h; say_object keeps MIP_A_OBJECT, which a list of one kind need
 * not say: it is put before the rest, and chooses the columns of its record. */
void out_open(enum out_shape shape, const uint16_t *columns, bool say_object);
void out_begin(void);
/* One value of the record, by attribute number of the protocol. */
void out_put(unsigned attr, const void *bytes, size_t len);
void out_put_str(unsigned attr, const char *s);
/* DONE, or REFUSED when stdout takes no more (said on stderr). */
int out_end(void);
int out_close(void);
/* Every value of a message. */
void out_values(const struct nlmsghdr *msg);
/* A whole message as one record; a record_fn with no context. */
int out_record(void *ctx, const struct nlmsghdr *msg);
/* Whether stdout took all of it: flushes; DONE, or REFUSED having complained. */
int out_flush(void);

/* The three ways to write. */
struct out_format {
	void (*open)(enum out_shape shape, const uint16_t *columns);
	void (*begin)(void);
	void (*put)(unsigned attr, const void *bytes, size_t len);
	void (*end)(void);
	void (*close)(void);
};

extern const struct out_format out_text, out_table, out_json;

/* One value, in the color of its kind. */
void out_value(unsigned kind, const char *value);
/* Columns of the terminal; 0: stdout is none. */
int out_width(void);

/* The escape sequence that colors the word of a state. */
const char *out_state_color(const char *word);
/* s as a JSON string with its quotes. */
void json_string(const char *s);

#endif
