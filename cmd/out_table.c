/*
 * A list on a terminal for out.h: a header, and rows in the order of the addresses and prefixes in their first two
 * columns, each column as wide as it has to be. So all of them are held until the end, as text.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/kind.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/table.h"

struct row {
	uint8_t key[2][sizeof(struct in6_addr) + 1]; /* address, prefix length */
	size_t no;				     /* decides between equal keys: the order they came in */
	char text[];				     /* a string for each column */
};

static const uint16_t *columns;
static struct row **rows;
static size_t count, room;
static int widths[COLUMNS_MAX];
static char cells[COLUMNS_MAX][512];
static bool headed;
static uint8_t key[2][sizeof(struct in6_addr) + 1];

static int column_count(void)
{
	int n = 0;

	while (n < COLUMNS_MAX && columns[n])
		n++;
	return n;
}

static void open_table(enum out_shape shape, const uint16_t *of_list)
{
	(void)shape;
	columns = of_list;
	headed = false;
	for (int i = 0; i < column_count(); i++)
		widths[i] = (int)strlen(attr_info(columns[i])->word);
}

static void table_begin(void)
{
	memset(cells, 0, sizeof(cells));
	memset(key, 0, sizeof(key));
}

static void put_cell(unsigned attr, const void *bytes, size_t len)
{
	unsigned kind = attr_info(attr)->kind;
	int i = 0;

	while (i < column_count() && columns[i] != attr)
		i++;
	if (i == column_count())
		return;
	kind_print(kind, bytes, len, opt.numeric, cells[i], sizeof(cells[i]));
	if (i < 2 && (kind == MIP_K_ADDR || kind == MIP_K_PREFIX))
		memcpy(key[i], bytes, len < sizeof(key[i]) ? len : sizeof(key[i]));
}

static int compare(const void *a, const void *b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	int way = memcmp(x->key, y->key, sizeof(x->key));

	return way ? way : (x->no > y->no) - (x->no < y->no);
}

static void print_header(void)
{
	headed = true;
	for (int i = 0, n = column_count(); i < n; i++)
		printf("%-*s%s", i < n - 1 ? widths[i] : 0, attr_info(columns[i])->word, i < n - 1 ? "  " : "\n");
}

static void print_cells(const char *text)
{
	for (int i = 0, n = column_count(); i < n; i++, text += strlen(text) + 1) {
		out_value(attr_info(columns[i])->kind, text);
		printf("%*s%s", i < n - 1 ? widths[i] - (int)strlen(text) : 0, "", i < n - 1 ? "  " : "\n");
	}
}

static void print_rows(void)
{
	if (!headed)
		print_header();
	qsort(rows, count, sizeof(struct row *), compare);
	for (size_t i = 0; i < count; i++) {
		print_cells(rows[i]->text);
		free(rows[i]);
	}
	count = 0;
}

static bool more_cells(void)
{
	size_t more = room ? 2 * room : 64;
	struct row **at = count < room ? rows : reallocarray(rows, more, sizeof(struct row *));

	if (!at)
		return false;
	room = count < room ? room : more;
	rows = at;
	return true;
}

static void table_end(void)
{
	static char text[sizeof(cells)];
	struct row *row;
	size_t len = 0;

	for (int i = 0; i < column_count(); i++) {
		int width = snprintf(text + len, sizeof(cells[i]), "%s", cells[i][0] ? cells[i] : "-");

		widths[i] = width > widths[i] ? width : widths[i];
		len += (size_t)width + 1;
	}
	row = more_cells() ? malloc(sizeof(*row) + len) : NULL;
	if (!row) { /* no memory: what there is is not lost, only its order */
		print_rows();
		print_cells(text);
		return;
	}
	memcpy(row->key, key, sizeof(key));
	memcpy(row->text, text, len);
	row->no = count;
	rows[count++] = row;
}

static void close_table(void)
{
	if (count)
		print_rows();
	free(rows);
	rows = NULL;
	room = 0;
}

const struct out_format out_table = {open_table, table_begin, put_cell, table_end, close_table};
