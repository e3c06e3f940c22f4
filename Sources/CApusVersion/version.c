#include "CApusVersion.h"

// The one place of the version's number.
#define APUS_VERSION "0.1.0"

// A section of its own, so that `make release` can write the commit into the linked program: no build depends on the
// commit then, and none is out of date for a new one. The size is what the section has room for.
__attribute__((section(".apus_version"), used))
static const volatile char version[64] = APUS_VERSION "+development";

const char *apus_version(void) {
    return (const char *)version;
}
