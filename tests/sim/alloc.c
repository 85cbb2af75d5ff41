/* sim.h: what is allocated and not freed, to the byte: the linker sends every malloc of ours through here (--wrap). */
#include <malloc.h>
#include <stdlib.h>

#include "tests/sim/sim.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static size_t live;

size_t sim_allocated(void)
{
	return live;
}

static void *count(void *p)
{
	if (p)
		live += malloc_usable_size(p);
	return p;
}

void *__wrap_malloc(size_t size)
{
	return count(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return count(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	void *q = __real_realloc(p, size);

	if (!q)
		return NULL;
	live -= old;
	return count(q);
}

void __wrap_free(void *p)
{
	if (p)
		live -= malloc_usable_size(p);
	__real_free(p);
}
