/*
 * store.h by SQLite: a log beside the file (WAL), so that a transaction is appended, and none is half there. It was
 * taken over LMDB because it reads its file instead of mapping it (a file cut short is an error, not a signal) and
 * checks the sums of its log.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/record.h"

struct store {
	sqlite3 *db;
	sqlite3_stmt *put, *del, *clear, *put_fact, *get_fact;
	int failed; /* SQLite's first complaint in this transaction */
	bool begun;
	char path[256];
};

static int errno_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_FULL: return ENOSPC;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return EBUSY;
	case SQLITE_NOMEM: return ENOMEM;
	case SQLITE_READONLY: return EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH: return EACCES;
	default: return EIO;
	}
}

static int store_failed(struct why *why, const struct store *s, int rc)
{
	if ((rc & 0xff) == SQLITE_BUSY)
		return why_set(why, EBUSY, "%s is another agent's", s->path);
	return why_set(why, errno_of(rc), "%s: %s", s->path, sqlite3_errstr(rc));
}

/* --- changes ------------------------------------------------------------------------------------------------------ */

static void note_result(struct store *s, int rc)
{
	if (rc && rc != SQLITE_DONE && rc != SQLITE_ROW && !s->failed)
		s->failed = rc;
}

static void begin_batch(struct store *s)
{
	if (!s->begun)
		note_result(s, sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL));
	s->begun = true;
}

static void step(struct store *s, sqlite3_stmt *st)
{
	if (!s->failed)
		note_result(s, sqlite3_step(st));
	sqlite3_reset(st);
}

void store_put(struct store *s, enum store_cache cache, const struct store_binding *b)
{
	struct record r;

	record_write(&r, cache, b);
	begin_batch(s);
	sqlite3_bind_blob(s->put, 1, r.key, r.key_len, SQLITE_STATIC);
	sqlite3_bind_blob(s->put, 2, r.value, r.value_len, SQLITE_STATIC);
	step(s, s->put);
}

void store_del(struct store *s, enum store_cache cache, const struct in6_addr *home, const struct in6_addr *local)
{
	struct record r;

	record_key(&r, cache, home, local);
	begin_batch(s);
	sqlite3_bind_blob(s->del, 1, r.key, r.key_len, SQLITE_STATIC);
	step(s, s->del);
}

void store_clear(struct store *s, enum store_cache cache)
{
	uint8_t from = (uint8_t)cache, to = (uint8_t)(cache + 1);

	begin_batch(s);
	sqlite3_bind_blob(s->clear, 1, &from, 1, SQLITE_STATIC);
	sqlite3_bind_blob(s->clear, 2, &to, 1, SQLITE_STATIC);
	step(s, s->clear);
}

int store_commit(struct store *s, struct why *why)
{
	int rc;

	if (s->begun && !s->failed)
		note_result(s, sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL));
	rc = s->failed;
	if (!sqlite3_get_autocommit(s->db))
		(void)!sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->begun = false;
	s->failed = 0;
	return rc ? store_failed(why, s, rc) : 0;
}

/* --- facts -------------------------------------------------------------------------------------------------------- */

static void put_fact(struct store *s, const char *name, sqlite3_int64 value)
{
	begin_batch(s);
	sqlite3_bind_text(s->put_fact, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s->put_fact, 2, value);
	step(s, s->put_fact);
}

static sqlite3_int64 get_fact(struct store *s, const char *name)
{
	sqlite3_int64 value = -1;

	sqlite3_bind_text(s->get_fact, 1, name, -1, SQLITE_STATIC);
	if (sqlite3_step(s->get_fact) == SQLITE_ROW)
		value = sqlite3_column_int64(s->get_fact, 0);
	sqlite3_reset(s->get_fact);
	return value;
}

void store_put_nonce(struct store *s, uint16_t index)
{
	put_fact(s, "nonce", index);
}

int store_nonce(struct store *s)
{
	sqlite3_int64 index = get_fact(s, "nonce");

	return index >= 0 && index <= UINT16_MAX ? (int)index : -1;
}

/* --- time --------------------------------------------------------------------------------------------------------- */

usec store_booted(const struct store_binding *b, const struct store_clock *c)
{
	return b->boot && b->boot == c->boot ? b->booted : c->wall - c->now;
}

usec store_left(const struct store_binding *b, const struct store_clock *c)
{
	usec left = b->expires - store_booted(b, c) - c->now;

	return left > 0 && left <= b->lifetime * STORE_LIFE_UNIT ? left : 0;
}

/* --- open and close ----------------------------------------------------------------------------------------------- */

static int prepare(struct store *s)
{
	const struct {
		sqlite3_stmt **st;
		const char *sql;
	} all[] = {
		{&s->put, "INSERT OR REPLACE INTO binding VALUES(?1, ?2)"},
		{&s->del, "DELETE FROM binding WHERE key = ?1"},
		{&s->clear, "DELETE FROM binding WHERE key >= ?1 AND key < ?2"},
		{&s->put_fact, "INSERT OR REPLACE INTO fact VALUES(?1, ?2)"},
		{&s->get_fact, "SELECT value FROM fact WHERE name = ?1"},
	};
	int rc = SQLITE_OK;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]) && !rc; i++)
		rc = sqlite3_prepare_v3(s->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT, all[i].st, NULL);
	return rc;
}

/* Is it of a namespace that is gone, whose inode is used again? Then it is of no use to this one. Whose it is now is
 * written with the first change: on a full disk it can be read all the same. */
static void check_owner(struct store *s, const struct store_owner *o)
{
	sqlite3_int64 boot = (sqlite3_int64)o->boot, cookie = (sqlite3_int64)o->cookie;

	if (get_fact(s, "boot") == boot && get_fact(s, "cookie") == cookie)
		return;
	if (get_fact(s, "boot") == boot) {
		log_info("%s is of another network namespace: begun anew", s->path);
		store_clear(s, STORE_HA);
		store_clear(s, STORE_CN);
		store_clear(s, STORE_BUL);
	}
	put_fact(s, "boot", boot);
	put_fact(s, "cookie", cookie);
}

int store_open(struct store **out, const struct store_owner *o, struct why *why)
{
	struct store *s = calloc(1, sizeof(*s));
	int rc, err;

	if (!s)
		return why_set(why, ENOMEM, "out of memory");
	if (mkdir(o->dir, 0700) < 0 && errno != EEXIST) {
		err = why_set(why, errno, "cannot make %s: %s", o->dir, strerror(errno));
		free(s);
		return err;
	}
	snprintf(s->path, sizeof(s->path), "%s/%llu.db", o->dir, (unsigned long long)o->netns);
	rc = mend_open(s->path, &s->db);
	if (!rc)
		rc = prepare(s);
	if (!rc)
		check_owner(s, o);
	err = rc ? store_failed(why, s, rc) : 0;
	if (err)
		store_close(s);
	else
		*out = s;
	return err;
}

static bool is_empty(struct store *s)
{
	sqlite3_stmt *st = NULL;
	bool empty = !sqlite3_prepare_v2(s->db, "SELECT 1 FROM binding LIMIT 1", -1, &st, NULL) &&
		     sqlite3_step(st) == SQLITE_DONE;

	sqlite3_finalize(st);
	return empty;
}

static void close_db(struct store *s)
{
	sqlite3_finalize(s->put);
	sqlite3_finalize(s->del);
	sqlite3_finalize(s->clear);
	sqlite3_finalize(s->put_fact);
	sqlite3_finalize(s->get_fact);
	sqlite3_close(s->db); /* its log goes into the file, and away */
}

void store_close(struct store *s)
{
	bool empty;

	if (!s)
		return;
	if (s->db && s->begun)
		(void)!store_commit(s, NULL);
	empty = s->db && is_empty(s);
	close_db(s);
	if (empty)
		unlink(s->path);
	free(s);
}

void store_abandon(struct store *s)
{
	char log[sizeof(s->path) + 8];

	snprintf(log, sizeof(log), "%s-wal", s->path);
	if (unlink(s->path) < 0)
		log_warn("%s says what was, and cannot be deleted: %s", s->path, strerror(errno));
	unlink(log);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	close_db(s);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

static void each_row(struct store *s, sqlite3_stmt *st, enum store_cache cache,
	bool (*each)(void *, const struct store_binding *), void *ctx, size_t *n)
{
	struct store_binding b;

	if (!record_read(sqlite3_column_blob(st, 0), sqlite3_column_bytes(st, 0), sqlite3_column_blob(st, 1),
		    sqlite3_column_bytes(st, 1), &b))
		return;
	++*n;
	if (!each(ctx, &b))
		store_del(s, cache, &b.home, &b.local);
}

size_t store_each(
	struct store *s, enum store_cache cache, bool (*each)(void *ctx, const struct store_binding *b), void *ctx)
{
	uint8_t from = (uint8_t)cache, to = (uint8_t)(cache + 1);
	sqlite3_stmt *st;
	size_t n = 0;

	if (sqlite3_prepare_v2(s->db, "SELECT key, value FROM binding WHERE key >= ?1 AND key < ?2", -1, &st, NULL))
		return 0;
	sqlite3_bind_blob(st, 1, &from, 1, SQLITE_STATIC);
	sqlite3_bind_blob(st, 2, &to, 1, SQLITE_STATIC);
	while (sqlite3_step(st) == SQLITE_ROW)
		each_row(s, st, cache, each, ctx, &n);
	sqlite3_finalize(st);
	return n;
}
