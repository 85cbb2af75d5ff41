/*
 * Runs a fuzz target over its corpus without a fuzzer: main() for tests/fuzz/fuzz_NAME.c under gcc. Inputs are the
 * files of tests/fuzz/corpus/NAME (of corpus/packets for a target that has none of its own), or the files named on the
 * command line. TAP on stdout; a crash is the failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	static uint8_t buf[1 << 20];
	FILE *f = fopen(path, "rb");
	uint8_t *exact;
	size_t n;

	if (!f)
		return perror(path), -1;
	n = fread(buf, 1, sizeof(buf), f);
	fclose(f);
	exact = malloc(n ? n : 1); /* so that ASan sees a read behind the input */
	if (!exact)
		return -1;
	memcpy(exact, buf, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

static int replay_dir(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];
	int n = 0;

	if (!d)
		return perror(dir), -1;
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (replay(path) == 0)
			n++;
	}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];
	char dir[256];
	int n = 0;

	for (int i = 1; i < argc; i++)
		n += replay(argv[i]) == 0;
	if (argc == 1) {
		snprintf(dir, sizeof(dir), "tests/fuzz/corpus/%s", strncmp(name, "fuzz_", 5) ? name : name + 5);
		n = replay_dir(access(dir, F_OK) == 0 ? dir : "tests/fuzz/corpus/packets");
	}
	printf("1..1\n%s 1 %s replayed %d inputs\n", n > 0 ? "ok" : "not ok", name, n);
	return n > 0 ? 0 : 1;
}
