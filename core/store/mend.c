/*
 * record.h: opening a file that may be damaged. It is read from end to end once, before anything relies on it: a
 * damaged one is set aside, and the records of it that can be read and have the right checksum go into a new one.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/record.h"

#define APPLICATION "1835626550" /* "mip6", as file(1) would show it */
#define VERSION	    "1"		 /* of the tables and of the records in them */

#define PATH_LEN 512

/* Exclusive before the first use: then no memory shared with anybody, which a truncated file would tear. The log is
 * synced when it goes into the file: whole after a power failure, if a little old. */
static const char settings[] = "PRAGMA locking_mode=EXCLUSIVE;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-512;";
#define BINDING "binding(key BLOB PRIMARY KEY, value BLOB) WITHOUT ROWID"
#define FACT	"fact(name TEXT PRIMARY KEY, value) WITHOUT ROWID"
static const char tables[] =
	"PRAGMA journal_mode=WAL;PRAGMA journal_size_limit=16777216;PRAGMA application_id=" APPLICATION
	";PRAGMA user_version=" VERSION ";"
	"CREATE TABLE IF NOT EXISTS " BINDING ";CREATE TABLE IF NOT EXISTS " FACT ";";

static int number(sqlite3 *db, const char *sql, int *value)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (!rc)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*value = sqlite3_column_int(st, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Ours and of this version, or empty: then the tables are made. */
static int identify(sqlite3 *db)
{
	static const char ours[] = "SELECT (SELECT application_id FROM pragma_application_id) = " APPLICATION
				   " AND (SELECT user_version FROM pragma_user_version) = " VERSION
				   " AND (SELECT count(*) FROM sqlite_schema WHERE name = 'binding' AND tbl_name = name"
				   " AND sql = 'CREATE TABLE " BINDING "' OR name = 'fact' AND tbl_name = name"
				   " AND sql = 'CREATE TABLE " FACT "') = 2";
	int objects = 0, is_ours = 0, rc = number(db, "SELECT count(*) FROM sqlite_schema", &objects);

	if (!rc && objects)
		rc = number(db, ours, &is_ours);
	if (!rc && objects && !is_ours)
		return SQLITE_FORMAT;
	return rc ?: sqlite3_exec(db, tables, NULL, NULL, NULL);
}

static int open_file(const char *path, sqlite3 **db)
{
	mode_t mask = umask(0077);
	int rc = sqlite3_open_v2(path, db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);

	if (!rc)
		rc = sqlite3_exec(*db, settings, NULL, NULL, NULL);
	if (!rc)
		rc = identify(*db);
	umask(mask);
	return rc;
}

/* Reads all bindings, and puts the good ones into `to` unless that is NULL. SQLITE_CORRUPT when one is not. */
static int read_all(sqlite3 *from, sqlite3 *to, unsigned long *good)
{
	sqlite3_stmt *get = NULL, *put = NULL;
	int rc = sqlite3_prepare_v2(from, "SELECT key, value FROM binding", -1, &get, NULL), damage = SQLITE_OK;
	struct store_binding b;

	if (!rc && to)
		rc = sqlite3_prepare_v2(to, "INSERT INTO binding VALUES(?1, ?2)", -1, &put, NULL);
	while (!rc && (rc = sqlite3_step(get)) == SQLITE_ROW) {
		const void *key = sqlite3_column_blob(get, 0), *value = sqlite3_column_blob(get, 1);
		int key_len = sqlite3_column_bytes(get, 0), value_len = sqlite3_column_bytes(get, 1);

		rc = SQLITE_OK;
		if (!record_read(key, key_len, value, value_len, &b)) {
			damage = SQLITE_CORRUPT;
			continue;
		}
		++*good;
		if (!put)
			continue;
		sqlite3_bind_blob(put, 1, key, key_len, SQLITE_STATIC);
		sqlite3_bind_blob(put, 2, value, value_len, SQLITE_STATIC);
		sqlite3_step(put);
		sqlite3_reset(put);
	}
	sqlite3_finalize(get);
	sqlite3_finalize(put);
	return rc == SQLITE_DONE ? damage : rc;
}

/* A file that may be written and yet is read only was given another version in its header. */
static bool is_damage(const char *path, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_READONLY: return access(path, W_OK) == 0;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_ERROR: return true; /* a table is not there */
	default: return false;
	}
}

/* Also what only writing would find. */
static int check_pages(sqlite3 *db)
{
	static const char sql[] = "SELECT quick_check = 'ok' FROM pragma_quick_check(1)";
	int fine = 0, rc = number(db, sql, &fine);

	return rc || fine ? rc : SQLITE_CORRUPT;
}

static int open_and_read(const char *path, sqlite3 **db)
{
	unsigned long good = 0;
	int rc = open_file(path, db);

	return rc ?: read_all(*db, NULL, &good) ?: check_pages(*db);
}

/* A file, and its log beside it, under another name; what had that name is gone. */
static void move(const char *from, const char *to)
{
	char log_from[PATH_LEN + 8], log_to[PATH_LEN + 8];

	snprintf(log_from, sizeof(log_from), "%s-wal", from);
	snprintf(log_to, sizeof(log_to), "%s-wal", to);
	unlink(log_to);
	(void)!rename(log_from, log_to);
	(void)!rename(from, to);
}

/* What can be read of a damaged file, in a new one that takes its place. */
static void set_aside(const char *path, sqlite3 *damaged, int rc)
{
	char fresh_path[PATH_LEN], bad[PATH_LEN], log[PATH_LEN + 8];
	unsigned long good = 0;
	sqlite3 *fresh = NULL;

	snprintf(fresh_path, sizeof(fresh_path), "%s.new", path);
	snprintf(log, sizeof(log), "%s-wal", fresh_path);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	unlink(fresh_path);
	unlink(log);
	if (!open_file(fresh_path, &fresh) && !sqlite3_exec(fresh, "BEGIN", NULL, NULL, NULL)) {
		(void)!read_all(damaged, fresh, &good);
		(void)!sqlite3_exec(fresh, "COMMIT", NULL, NULL, NULL);
	}
	sqlite3_close(fresh);
	sqlite3_db_config(damaged, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_close(damaged);
	move(path, bad);
	move(fresh_path, path);
	log_warn("%s cannot be trusted (%s): set aside as %s; %lu bindings of it are kept", path,
		rc == SQLITE_FORMAT ? "not a store of this version" : sqlite3_errstr(rc), bad, good);
}

int mend_open(const char *path, sqlite3 **db)
{
	int rc = open_and_read(path, db);

	if (is_damage(path, rc)) {
		set_aside(path, *db, rc);
		*db = NULL;
		rc = open_and_read(path, db);
	}
	if (rc) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return rc;
}
