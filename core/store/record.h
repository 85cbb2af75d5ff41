/* A binding as a key and a value, in network order with a checksum over both. Between store.c and mend.c. */
#ifndef MIP_STORE_RECORD_H
#define MIP_STORE_RECORD_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/store.h"

#define KEY_MAX	    33 /* cache, home, local: a correspondent's bindings differ in either */
#define SUM_LEN	    8
#define OLD_LEN	    (3 * 16 + 2 * 8 + 3 * 2 + SUM_LEN) /* as it was before the clock of the machine was in it */
#define VALUE_LEN   (OLD_LEN + 2 * 8)		       /* of a binding without mobile networks */
#define NETWORK_LEN 17
#define UDP_LEN	    18 /* behind the networks, of a binding in UDP over IPv4 */
#define VALUE_MAX   (VALUE_LEN + STORE_NETWORKS * NETWORK_LEN + UDP_LEN)

struct record {
	uint8_t key[KEY_MAX], value[VALUE_MAX];
	int key_len, value_len;
};

void record_key(struct record *r, enum store_cache cache, const struct in6_addr *home, const struct in6_addr *local);
void record_write(struct record *r, enum store_cache cache, const struct store_binding *b);
/* False: damaged. */
bool record_read(const void *key, int key_len, const void *value, int value_len, struct store_binding *b);

/* mend.c: opens the file, whatever it is, so that it can be used: new, as it is, or in place of one set aside. 0 or an
 * SQLite result code. */
int mend_open(const char *path, sqlite3 **db);

#endif
