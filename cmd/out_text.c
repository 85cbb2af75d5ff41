/*
 * Text for out.h: the value a record is about, then `word value` pairs as `ip` writes them. A terminal wraps them at
 * its edge; in a pipe or a file, and with -o, a record is one line, as an event always is. -br makes columns. What only
 * -s or -d show is listed here.
 */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "cmd/kind.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/table.h"

#define INDENT	     4
#define OBJECT_WIDTH 7 /* of -br */

static const uint16_t statistics[] = {MIP_A_RX_BU, MIP_A_RX_REFUSED, MIP_A_RX_DROPPED, MIP_A_TX_BA, MIP_A_UNPROTECTED,
	MIP_A_TUN_RX, MIP_A_TUN_TX, MIP_A_TUN_REFUSED, MIP_A_RX_TEST, MIP_A_TX_BE, MIP_A_TX_BRR, MIP_A_EVICTED,
	MIP_A_OUT_PACKETS, MIP_A_OUT_BYTES, MIP_A_IN_PACKETS, MIP_A_IN_BYTES, MIP_A_RX_LIMITED, 0};
static const uint16_t details[] = {MIP_A_SEQUENCE, MIP_A_AGE, MIP_A_RETRY, MIP_A_REFRESH, MIP_A_PATH_WHY, MIP_A_CAPS,
	MIP_A_KERNEL, MIP_A_MEMORY, MIP_A_NETNS, MIP_A_STATUS, MIP_A_REQID, MIP_A_SELECTOR, MIP_A_LIMITS, 0};
/* Said by their value alone. */
static const uint16_t bare[] = {MIP_A_OBJECT, MIP_A_EVENT, MIP_A_MESSAGE, MIP_A_TS, MIP_A_COMMAND, MIP_A_VERDICT,
	MIP_A_CHECK, MIP_A_METRIC, MIP_A_OF, MIP_A_VALUE, 0};

static const uint16_t *list_columns, *columns; /* of every record; of this one */
static unsigned unwrapped;		       /* stays on the line it begins on */
static int col, pairs;
static int width; /* of the terminal, 0 = it is none */
static char cells[COLUMNS_MAX][64];

static bool among(const uint16_t *list, unsigned attr)
{
	while (*list && *list != attr)
		list++;
	return *list != 0;
}

int out_width(void)
{
	struct winsize ws;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) ? 0 : ws.ws_col > 20 ? ws.ws_col : 80;
}

static void open_text(enum out_shape shape, const uint16_t *of_list)
{
	unwrapped = shape == OUT_LINES ? MIP_A_MESSAGE : 0;
	list_columns = opt.brief ? of_list : NULL;
	width = out_width();
}

static void begin(void)
{
	columns = list_columns;
	col = 0;
	pairs = 0;
	memset(cells, 0, sizeof(cells));
}

const char *out_state_color(const char *word)
{
	if (!strcmp(word, "active") || !strcmp(word, "bound") || !strcmp(word, "registered") || !strcmp(word, "home") ||
		!strcmp(word, "optimized") || !strcmp(word, "synced") || !strcmp(word, "ok"))
		return "\033[32m";
	return !strcmp(word, "refused") || !strcmp(word, "detached") || !strcmp(word, "bad") ? "\033[31m" : "\033[33m";
}

static const char *color_of(unsigned kind, const char *value)
{
	switch (kind) {
	case MIP_K_ADDR:
	case MIP_K_IPV4:
	case MIP_K_PREFIX:
	case MIP_K_PREFIX4:
	case MIP_K_PREFIXES: return "\033[34m";
	case MIP_K_DEV: return "\033[36m";
	case MIP_K_BSTATE:
	case MIP_K_MSTATE:
	case MIP_K_LSTATE:
	case MIP_K_OSTATE:
	case MIP_K_CSTATE:
	case MIP_K_VERDICT: return out_state_color(value);
	default: return "";
	}
}

void out_value(unsigned kind, const char *value)
{
	const char *color = opt.color ? color_of(kind, value) : "";

	printf("%s%s%s", color, value, *color ? "\033[0m" : "");
}

static void print_time(const void *bytes, char *buf, size_t size)
{
	uint64_t us;
	time_t s;
	struct tm tm;
	char day[32];

	memcpy(&us, bytes, sizeof(us));
	s = (time_t)(us / 1000000);
	localtime_r(&s, &tm);
	strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "[%s.%06u]", day, (unsigned)(us % 1000000));
}

static bool hidden(unsigned attr)
{
	if (attr == MIP_A_TS)
		return !opt.timestamp;
	return (!opt.stats && among(statistics, attr)) || (!opt.details && among(details, attr));
}

static void to_cell(unsigned attr, const char *value)
{
	for (int i = 0; i < COLUMNS_MAX && columns[i]; i++)
		if (columns[i] == attr)
			snprintf(cells[i], sizeof(cells[i]), "%.*s", (int)sizeof(cells[i]) - 1, value);
}

/* A new line when the pair would pass the edge. */
static void make_room(unsigned attr, int need)
{
	if (pairs++ == 0)
		return;
	if (width && !opt.oneline && attr != unwrapped && col + 1 + need > width) {
		printf("\n%*s", INDENT, "");
		col = INDENT;
	} else {
		putchar(' ');
		col++;
	}
}

static void put_field(unsigned attr, const void *bytes, size_t len)
{
	const struct mip_attr_info *info = attr_info(attr);
	bool word = !among(bare, attr);
	char value[MIP_MSG_MAX];
	int need;

	kind_print(info->kind, bytes, len, opt.numeric, value, sizeof(value));
	if (columns && attr != MIP_A_TS) {
		to_cell(attr, value);
		return;
	}
	if (hidden(attr) || !*value)
		return;
	if (attr == MIP_A_TS)
		print_time(bytes, value, sizeof(value));
	need = (int)(strlen(value) + (word ? strlen(info->word) + 1 : 0));
	make_room(attr, need);
	if (word)
		printf("%s ", info->word);
	out_value(info->kind, value);
	col += need;
	if (attr == MIP_A_OBJECT && opt.brief && (columns = object_columns(object_find(value))))
		printf("%*s", (int)(OBJECT_WIDTH - strlen(value)), "");
}

static int cell_width(unsigned attr)
{
	switch (attr_info(attr)->kind) {
	case MIP_K_ADDR: return 28;
	case MIP_K_STR:
	case MIP_K_MSTATE: return 12;
	default: return 10;
	}
}

static void end(void)
{
	if (columns && pairs)
		putchar(' ');
	for (int i = 0; columns && i < COLUMNS_MAX && columns[i]; i++) {
		unsigned attr = columns[i];
		bool last = i == COLUMNS_MAX - 1 || !columns[i + 1];
		int pad = last ? 0 : cell_width(attr) - (int)strlen(cells[i]);

		out_value(attr_info(attr)->kind, cells[i][0] ? cells[i] : "-");
		printf("%*s", last ? 0 : (cells[i][0] ? 0 : -1) + (pad > 0 ? pad : 0) + 1, "");
	}
	putchar('\n');
}

static void close_text(void)
{
}

const struct out_format out_text = {open_text, begin, put_field, end, close_text};
