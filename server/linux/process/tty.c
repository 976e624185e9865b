/* Names of terminals: the kernel shows only device numbers. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

enum {
	MAJOR_TTY = 4,         /* virtual consoles, then serial lines from minor 64 on */
	MAJOR_PTS_FIRST = 136, /* slaves of pseudo-terminals, 256 each if there are several */
	MAJOR_PTS_LAST = 143,
};

/* Field 7 of stat has the minor number in bits 0-7 and 20-31, the major in 8-19. */
static void split_device(uint64_t device, uint32_t *ret_major, uint32_t *ret_minor)
{
	*ret_major = (uint32_t)(device >> 8 & 0xfff);
	*ret_minor = (uint32_t)((device & 0xff) | (device >> 12 & 0xfff00));
}

uint32_t tty_parse(uint64_t device, char name[32])
{
	uint32_t major, minor;
	int length = 0;

	split_device(device, &major, &minor);
	if (major >= MAJOR_PTS_FIRST && major <= MAJOR_PTS_LAST)
		length = snprintf(name, 32, "pts/%u",
			(unsigned)((major - MAJOR_PTS_FIRST) * 256 + minor));
	else if (major == MAJOR_TTY)
		length = snprintf(name, 32, "tty%s%u", minor < 64 ? "" : "S",
			(unsigned)(minor < 64 ? minor : minor - 64));
	return (uint32_t)length;
}

/* "MAJOR=229\nMINOR=0\nDEVNAME=hvc0\n" */
static uint32_t ask_sysfs(const struct processes *self, uint64_t device, char name[32])
{
	uint32_t major, minor;
	char path[4096], bytes[1024];
	struct scan scan, line;
	ssize_t length;

	split_device(device, &major, &minor);
	snprintf(path, sizeof path, "%s/dev/char/%u:%u/uevent", self->host->sysfs,
		(unsigned)major, (unsigned)minor);
	length = read_file(AT_FDCWD, path, bytes, sizeof bytes);
	scan = (struct scan){bytes, bytes + (length > 0 ? length : 0)};
	while (scan_line(&scan, &line)) {
		size_t size = (size_t)(line.end - line.at);
		if (size <= 8 || size >= 8 + 32 || memcmp(line.at, "DEVNAME=", 8) != 0)
			continue;
		memcpy(name, line.at + 8, size - 8);
		return (uint32_t)(size - 8);
	}
	return 0;
}

uint32_t tty_name(struct processes *self, uint64_t device)
{
	uint32_t length;

	if (!device)
		return 0;
	length = tty_parse(device, self->tty);
	return length ? length : ask_sysfs(self, device, self->tty);
}
