// Names under .example that no name server answers for, the whole time that the resolver waits for it. For LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
    static const char end[] = ".example";
    const size_t length = name == NULL ? 0 : strlen(name), tail = sizeof end - 1;
    if (length > tail && strcmp(name + length - tail, end) == 0) {
        sleep(45);  // three servers, two domains to search in: glibc waits for longer
        return EAI_AGAIN;
    }
    int (*real)(const char*, const char*, const struct addrinfo*, struct addrinfo**) = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(name, service, hints, found);
}
