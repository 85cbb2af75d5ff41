/* Kinds of values: words people type to bytes on the wire, and back. What is printed can be typed again. */
#ifndef MIP_CMD_KIND_H
#define MIP_CMD_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mip/attr.h"

/* The longest payload that is not a string. */
#define KIND_MAX MIP_KEY_MAX

/* An IPv4 address is the IPv4-mapped IPv6 one: these octets before it. */
static const uint8_t kind_ipv4[12] = {[10] = 0xff, [11] = 0xff};

/* Reads `word`, one of prefixes; *len bytes (0 for strings: the word is the value). False with a reason in `text`. */
bool kind_parse(unsigned kind, const char *word, uint8_t bytes[static KIND_MAX], size_t *len, char *text, size_t size);
/* ADDRESS/LENGTH: the address, and the prefix it is of. False: it is none. */
bool kind_split(const char *word, uint8_t address[static KIND_MAX], uint8_t prefix[static KIND_MAX]);
/* Whether `len` bytes can be a value of that kind. */
bool kind_fits(unsigned kind, const void *bytes, size_t len);
/* Writes the value for people, or plainly (seconds as a number) when `plain`. */
void kind_print(unsigned kind, const void *bytes, size_t len, bool plain, char *buf, size_t size);
/* Whether the value is a number in JSON (true also for booleans). */
bool kind_is_number(unsigned kind);
/* What a kind of the protocol is called: "u8", "address". */
const char *kind_name(unsigned kind);
/* The i-th of the words a value of an enum kind can be (from 0; never a hole), or NULL. */
const char *kind_choice(unsigned kind, unsigned i);
/* The number the first of them has. */
unsigned kind_first(unsigned kind);
/* Seconds of a unit of time: s, m, h, d; 0 for another letter. */
uint64_t kind_unit(char unit);

#endif
