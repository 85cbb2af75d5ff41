/* keys.h. Keys stay out of argument lists and of files that others can read; what held one is wiped. */
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cmd/client.h"
#include "cmd/fault.h"
#include "cmd/keys.h"
#include "cmd/lines.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/run.h"

bool keys_hidden(const struct call *call, struct fault *f)
{
	for (int i = 0; i < call->n; i++) {
		const struct value *v = &call->values[i];

		if (attr_info(v->arg->attr)->kind != MIP_K_KEY || (call->line.file && !call->line.open))
			continue;
		f->at = v->at;
		f->told = true;
		if (call->line.file)
			snprintf(f->text, sizeof(f->text), "a key in a file that others can read: chmod 600 %s",
				call->line.file);
		else
			snprintf(f->text, sizeof(f->text),
				"a key in an argument list can be read by others: put the command into a file of "
				"mode 600 and run 'mip -b FILE' or 'mip apply FILE'");
		return false;
	}
	return true;
}

bool keys_go_unseen(void)
{
	if (!is_open(STDOUT_FILENO))
		return true;
	complain("the output holds keys and goes to a file that others can read: run 'umask 077' and name a new file");
	return false;
}

int run_keys_show(const struct call *call)
{
	if (call_value(call, MIP_A_KEYS) && !keys_go_unseen())
		return REFUSED;
	return run_generic(call);
}

static bool fill(void *to, size_t len)
{
	if (getrandom(to, len, 0) == (ssize_t)len)
		return true;
	complain("no random numbers: %s", strerror(errno));
	return false;
}

bool keys_spi(uint32_t *spi)
{
	do
		if (!fill(spi, sizeof(*spi)))
			return false;
	while (*spi < 256);
	return true;
}

bool keys_print(FILE *to, const char *word, size_t octets)
{
	uint8_t key[MIP_KEY_MAX];

	if (!fill(key, octets))
		return false;
	fprintf(to, " %s 0x", word);
	for (size_t i = 0; i < octets; i++)
		fprintf(to, "%02x", key[i]);
	explicit_bzero(key, sizeof(key));
	return true;
}

bool keys_command(bool (*print)(FILE *to, const void *what), const void *what)
{
	char line[1024] = "";
	FILE *to = fmemopen(line, sizeof(line), "w");
	bool ok = to && print(to, what);

	ok = to && fclose(to) == 0 && ok;
	if (ok && opt.json) {
		out_begin();
		out_put_str(MIP_A_COMMAND, line);
		ok = out_end() == DONE;
	} else if (ok) {
		puts(line);
	}
	explicit_bzero(line, sizeof(line));
	return ok;
}
