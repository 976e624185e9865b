/*
 * The dynamic linker: libraries that the backend opens by their paths, see sim_libraries in parts.h.
 *
 *	[dl]
 *	PATH = missing          dlopen() does not find it
 *	SYMBOL = missing        dlsym() does not, in whichever library
 *
 * A call fails for no errno: any number will do. Backends are compiled with these in place of dlopen
 * and dlsym; they leave open what they have opened.
 */
#include <dlfcn.h>
#include <string.h>

#include "parts.h"
#include "store.h"

void *mac_dlopen(const char *path, int mode);
void *mac_dlsym(void *library, const char *name);

static int is_missing(const char *name)
{
	return strcmp(sim_text(sim_section("dl", ""), name, ""), "missing") == 0;
}

void *mac_dlopen(const char *path, int mode)
{
	(void)mode;
	if (sim_enter("dlopen", 0, -1) || is_missing(path))
		return NULL;
	for (size_t i = 0; sim_libraries[i]; i++)
		if (strcmp(sim_libraries[i]->path, path) == 0)
			return (void *)(uintptr_t)sim_libraries[i];
	return NULL;
}

void *mac_dlsym(void *library, const char *name)
{
	const struct sim_library *self = library;

	if (sim_enter("dlsym", 0, -1) || is_missing(name))
		return NULL;
	for (const struct sim_symbol *i = self->symbols; i->name; i++)
		if (strcmp(i->name, name) == 0)
			return i->address;
	return NULL;
}
