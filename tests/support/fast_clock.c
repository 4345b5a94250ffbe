// Clocks that run FAST_CLOCK ("FACTOR REALTIME MONOTONIC", the last two the seconds at which it began) times as fast, for LD_PRELOAD:
// days of a daemon's life in minutes. Waits are as much shorter. Every process that shares the variable shares the time.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <dlfcn.h>

static double factor, began[2];

__attribute__((constructor)) static void begin(void) {
    const char* text = getenv("FAST_CLOCK");
    if (text == NULL || sscanf(text, "%lf %lf %lf", &factor, &began[CLOCK_REALTIME], &began[CLOCK_MONOTONIC]) != 3) factor = 0;
}

static int is_fast(clockid_t clock) { return factor > 0 && (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC); }
static clockid_t plain(clockid_t clock) {
    if (clock == CLOCK_REALTIME_COARSE) return CLOCK_REALTIME;
    return clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME ? CLOCK_MONOTONIC : clock;
}
static double seconds(const struct timespec* time) { return (double)time->tv_sec + (double)time->tv_nsec / 1e9; }
static struct timespec timespec_of(double s) {
    if (s < 0) s = 0;
    struct timespec time = {(time_t)s, 0};
    time.tv_nsec = (long)((s - (double)time.tv_sec) * 1e9);
    return time;
}
static struct timespec shorter(const struct timespec* span) {
    struct timespec time = timespec_of(seconds(span) / factor);
    if (time.tv_sec == 0 && time.tv_nsec == 0 && seconds(span) > 0) time.tv_nsec = 1;  // 0 disarms a timer
    return time;
}
static struct timespec real_instant(clockid_t clock, const struct timespec* at) {
    return timespec_of(began[clock] + (seconds(at) - began[clock]) / factor);
}
static int milliseconds(int timeout) { return timeout > 0 && factor > 0 ? (int)((timeout + factor - 1) / factor) : timeout; }

int clock_gettime(clockid_t asked, struct timespec* time) {
    const clockid_t clock = factor > 0 ? plain(asked) : asked;
    const int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && is_fast(clock)) *time = timespec_of(began[clock] + (seconds(time) - began[clock]) * factor);
    return result;
}
int gettimeofday(struct timeval* time, void* zone) {
    (void)zone;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t* result) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL) *result = now.tv_sec;
    return now.tv_sec;
}
int clock_nanosleep(clockid_t clock, int flags, const struct timespec* span, struct timespec* rest) {
    struct timespec time = *span;
    if (is_fast(clock)) time = flags & TIMER_ABSTIME ? real_instant(clock, span) : shorter(span);
    return syscall(SYS_clock_nanosleep, clock, flags, &time, rest) == 0 ? 0 : errno;
}
int nanosleep(const struct timespec* span, struct timespec* rest) {
    const int error = clock_nanosleep(CLOCK_MONOTONIC, 0, span, rest);
    if (error != 0) errno = error;
    return error == 0 ? 0 : -1;
}
int usleep(useconds_t span) {
    const struct timespec time = {span / 1000000, (long)(span % 1000000) * 1000};
    return nanosleep(&time, NULL);
}
int timerfd_settime(int fd, int flags, const struct itimerspec* value, struct itimerspec* old) {
    struct itimerspec time = *value;
    if (factor > 0 && !(flags & TFD_TIMER_ABSTIME)) time.it_value = shorter(&value->it_value), time.it_interval = shorter(&value->it_interval);
    if (factor > 0 && flags & TFD_TIMER_ABSTIME && seconds(&value->it_value) > 1) time.it_value = real_instant(CLOCK_MONOTONIC, &value->it_value);
    return (int)syscall(SYS_timerfd_settime, fd, flags, &time, old);
}
int epoll_wait(int fd, struct epoll_event* events, int count, int timeout) {
    return (int)syscall(SYS_epoll_pwait, fd, events, count, milliseconds(timeout), NULL, 0);
}
int poll(struct pollfd* fds, nfds_t count, int timeout) {
    struct timespec time = timespec_of((double)milliseconds(timeout) / 1000);
    return (int)syscall(SYS_ppoll, fds, count, timeout < 0 ? NULL : &time, NULL, 0);
}
int select(int count, fd_set* reads, fd_set* writes, fd_set* errors, struct timeval* timeout) {
    if (timeout == NULL) return (int)syscall(SYS_pselect6, count, reads, writes, errors, NULL, NULL);
    const struct timespec span = {timeout->tv_sec, timeout->tv_usec * 1000};
    const struct timespec time = factor > 0 ? shorter(&span) : span;
    return (int)syscall(SYS_pselect6, count, reads, writes, errors, &time, NULL);
}
int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const struct timespec* until) {
    static int (*original)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const struct timespec*);
    if (original == NULL) *(void**)&original = dlsym(RTLD_NEXT, "pthread_cond_clockwait");
    const struct timespec time = is_fast(clock) ? real_instant(clock, until) : *until;
    return original(condition, mutex, clock, &time);
}
int sem_clockwait(sem_t* semaphore, clockid_t clock, const struct timespec* until) {
    static int (*original)(sem_t*, clockid_t, const struct timespec*);
    if (original == NULL) *(void**)&original = dlsym(RTLD_NEXT, "sem_clockwait");
    const struct timespec time = is_fast(clock) ? real_instant(clock, until) : *until;
    return original(semaphore, clock, &time);
}
