// A wall clock that is wrong by the seconds in the file WRONG_CLOCK names; the clock that nobody sets stays right.
// For LD_PRELOAD. (libfaketime 0.9.10 moves timerfd timers of the monotonic clock along, which no clock set does.)
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
    const long result = syscall(SYS_clock_gettime, clock, time);
    const char* path = getenv("WRONG_CLOCK");
    if (result != 0 || clock != CLOCK_REALTIME || path == NULL) return (int)result;
    FILE* file = fopen(path, "r");
    long seconds = 0;
    if (file != NULL) {
        if (fscanf(file, "%ld", &seconds) == 1) time->tv_sec += seconds;
        fclose(file);
    }
    return 0;
}
