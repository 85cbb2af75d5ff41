/* The object `auth`, as far as its rows cannot say it: `gen` makes a new key. */
#include <string.h>

#include "cmd/fault.h"
#include "cmd/keys.h"
#include "cmd/mip.h"
#include "cmd/out.h"
#include "cmd/run.h"
#include "cmd/walk.h"
#include "mip/types.h"

struct words {
	const char *home;
	uint32_t auth;
};

static bool print_words(FILE *to, const void *what)
{
	const struct words *w = what;
	uint32_t spi;

	if (!keys_spi(&spi))
		return false;
	fprintf(to, "auth add home %s spi %u auth %s", w->home, spi, kind_choice(MIP_K_AUTH, w->auth - 1));
	return keys_print(to, "key", w->auth == MIP_HMAC_SHA1 ? 16 : 32);
}

/* The same line for both sides. */
int run_auth_gen(const struct call *call)
{
	const struct value *v = call_value(call, MIP_A_AUTH);
	struct words w = {.home = call_value(call, MIP_A_HOME)->word, .auth = MIP_HMAC_SHA1};

	if (v)
		memcpy(&w.auth, v->bytes, sizeof(w.auth));
	if (w.auth != MIP_HMAC_SHA1 && w.auth != MIP_HMAC_SHA256) {
		complain("the option has hmac-sha1, or hmac-sha256 between two of ours");
		return REFUSED;
	}
	if (!keys_go_unseen())
		return REFUSED;
	if (opt.json)
		out_open(OUT_LIST, NULL, false);
	if (!keys_command(print_words, &w))
		return REFUSED;
	return opt.json ? out_close() : DONE;
}
