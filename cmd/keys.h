/* Keys: where they may come from and go to, and new ones. */
#ifndef MIP_CMD_KEYS_H
#define MIP_CMD_KEYS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cmd/walk.h"

/* No key in the call, or from where others cannot read it. False with `f`. */
bool keys_hidden(const struct call *call, struct fault *f);
/* May keys be printed: is standard output no file that others can read? False, having complained. */
bool keys_go_unseen(void);

/* A random SPI that is not reserved (RFC 4303 2.1, RFC 4285 5.1). False, having complained. */
bool keys_spi(uint32_t *spi);
/* " WORD 0x..." with a random key of so many octets. */
bool keys_print(FILE *to, const char *word, size_t octets);
/* A command with keys, as `print` writes it: a line, or a record of JSON. Wiped. */
bool keys_command(bool (*print)(FILE *to, const void *what), const void *what);

#endif
